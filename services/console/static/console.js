// The live page: takes server-rendered parts as they change, and draws the chart of rates. Everything it shows is also
// on the page as text; without this script the page stands still, no more.
"use strict";

(() => {
	const lead = document.querySelector("[data-live]");
	const box = document.getElementById("chart");
	const source = document.getElementById("chart-data");
	if (!lead || !box || !source) return;

	let figures = JSON.parse(source.textContent);
	let plot = null;
	let shown = null; // slot under the pointer, null = newest

	const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
	const number = (x) => {
		const s = x >= 100 ? Math.round(x).toString() : x.toFixed(1);
		const [whole, frac] = s.split(".");
		const mark = box.dataset.decimal;
		const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, mark === "," ? "." : ",");
		return frac && frac !== "0" ? grouped + mark + frac : grouped;
	};
	const clock = new Intl.DateTimeFormat(document.documentElement.lang === "en" ? "en-GB" : "id-ID", { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Jakarta" });

	const series = () => figures.lines.map((l) => ({
		label: l.noun, stroke: style("--" + l.noun), width: 2, points: { show: false },
		paths: uPlot.paths.spline ? uPlot.paths.spline() : undefined,
	}));
	const data = () => [figures.t, ...figures.lines.map((l) => l.y)];
	const axis = (more) => ({
		stroke: style("--ink-3"), font: "12px " + style("--font"), grid: { stroke: style("--line"), width: 1 },
		ticks: { show: false }, ...more,
	});

	// legend writes the values under the pointer, or those the server wrote when it is elsewhere.
	const legend = () => {
		if (shown === null) return;
		for (const l of figures.lines) {
			const cell = document.querySelector(`[data-line="${l.noun}"] .legend-v`);
			if (cell) cell.textContent = number(l.y[shown] ?? 0);
		}
	};

	const draw = () => {
		if (plot) plot.destroy();
		plot = new uPlot({
			width: Math.max(box.clientWidth, 200), height: box.clientHeight, padding: [10, 8, 0, 0],
			legend: { show: false },
			cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
			scales: { y: { range: (_, lo, hi) => [0, Math.max(1, hi * 1.1)] } },
			series: [{}, ...series()],
			axes: [
				axis({ space: 70, values: (_, ticks) => ticks.map((t) => clock.format(t * 1000)) }),
				axis({ size: 46, space: 40, values: (_, ticks) => ticks.map(number) }),
			],
			hooks: {
				setCursor: [(u) => {
					const at = u.cursor.idx;
					const was = shown;
					shown = at === undefined || u.cursor.left < 0 ? null : at;
					if (shown !== was && shown !== null) legend();
				}],
			},
		}, data(), box);
	};

	// bump marks figures that have changed since the last update.
	const remember = (root) => new Map([...root.querySelectorAll("[data-k]")].map((e) => [e.dataset.k, e.textContent]));
	const bump = (root, before) => {
		for (const e of root.querySelectorAll("[data-k]")) {
			if (before.has(e.dataset.k) && before.get(e.dataset.k) !== e.textContent) e.classList.add("bump");
		}
	};

	const take = (update) => {
		for (const [id, html] of Object.entries(update.parts ?? {})) {
			const slot = document.getElementById("f-" + id);
			if (!slot) continue;
			const before = remember(slot);
			const scrolled = slot.querySelector(".scroll");
			const at = scrolled && [scrolled.scrollLeft, scrolled.scrollTop];
			const focused = scrolled && scrolled === document.activeElement;
			slot.innerHTML = html;
			const again = slot.querySelector(".scroll");
			if (at && again) [again.scrollLeft, again.scrollTop] = at;
			if (focused && again) again.focus({ preventScroll: true });
			bump(slot, before);
		}
		if (update.chart) {
			figures = update.chart;
			if (plot) plot.setData(data());
		}
		legend();
	};

	const state = (name, text) => {
		document.body.classList.toggle("is-live", name === "live");
		document.body.classList.toggle("is-lost", name !== "live");
		const word = document.querySelector(".stamp-state");
		if (text && word) word.textContent = text;
	};

	let feed = null;
	const retry = async () => {
		try {
			const answer = await fetch(location.pathname, { headers: { Accept: "application/json" } });
			if (answer.status === 401) {
				state("lost", lead.dataset.ended);
				return;
			}
		} catch { /* not reachable: the next try tells */ }
		setTimeout(open, 5000);
	};
	const open = () => {
		feed = new EventSource(lead.dataset.live);
		feed.addEventListener("update", (e) => {
			take(JSON.parse(e.data));
			state("live");
			document.body.dataset.updates = String(Number(document.body.dataset.updates ?? 0) + 1);
		});
		feed.addEventListener("ended", () => {
			feed.close();
			state("lost", lead.dataset.ended);
		});
		feed.onerror = () => {
			const over = feed.readyState === EventSource.CLOSED;
			state("lost", lead.dataset.lost);
			if (over) retry(); // refused: the session has ended, or the server is busy or starting
		};
	};

	draw();
	new ResizeObserver(() => plot.setSize({ width: Math.max(box.clientWidth, 200), height: box.clientHeight })).observe(box);
	matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
	open();
	// A page that nobody sees takes nothing.
	document.addEventListener("visibilitychange", () => {
		if (document.hidden) feed.close();
		else if (feed.readyState === EventSource.CLOSED) open();
	});
})();
