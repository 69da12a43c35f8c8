package regsosek

import "dtks/pkg/fault"

// Items are the family items in the form's order. The slice is shared: do not change it.
var Items = []Item{
	coded(StatusBangunan, "Status bangunan", "Building status", "milik sendiri", "kontrak/sewa", "bebas sewa", "dinas", "lainnya"),
	coded(BuktiKepemilikan, "Bukti kepemilikan", "Ownership proof", "SHM atas nama anggota keluarga", "SHM bukan anggota dengan perjanjian",
		"SHM bukan anggota tanpa perjanjian", "SHGB/SHSRS", "girik/letter C", "tidak punya"),
	{Name: LuasLantai, Text: fault.Text{ID: "Luas lantai (m²)", EN: "Floor area (m²)"}, Min: 1, Max: 999},
	coded(Lantai, "Lantai terluas", "Main floor", "marmer/granit", "keramik", "parket/vinil/karpet", "ubin/tegel/teraso", "kayu/papan",
		"semen/bata merah", "bambu", "tanah", "lainnya"),
	coded(Dinding, "Dinding terluas", "Main wall", "tembok", "plesteran anyaman bambu/kawat", "kayu/papan/gipsum/GRC", "anyaman bambu",
		"batang kayu", "bambu", "lainnya"),
	coded(Atap, "Atap terluas", "Main roof", "beton", "genteng", "seng", "asbes", "kayu/sirap", "bambu", "jerami/ijuk/rumbia", "lainnya"),
	coded(AirMinum, "Sumber air minum", "Drinking water", "air kemasan", "air isi ulang", "leding", "sumur bor/pompa", "sumur terlindung",
		"sumur tak terlindung", "mata air terlindung", "mata air tak terlindung", "air permukaan", "air hujan", "lainnya"),
	coded(JarakTinja, "Jarak sumber air ke penampungan tinja", "Distance from water to pit", "kurang dari 10 m", "10 m atau lebih", "tidak tahu"),
	coded(Penerangan, "Sumber penerangan", "Lighting", "PLN dengan meteran", "PLN tanpa meteran", "listrik non-PLN", "bukan listrik"),
	coded(Daya, "Daya terpasang", "Installed power", "450 W", "900 W", "1300 W", "2200 W", "lebih dari 2200 W"),
	coded(BahanBakar, "Bahan bakar memasak", "Cooking fuel", "listrik", "LPG 5,5 kg/blue gaz", "LPG 12 kg", "LPG 3 kg", "gas kota", "biogas",
		"minyak tanah", "briket", "arang", "kayu bakar", "lainnya", "tidak memasak"),
	coded(Jamban, "Fasilitas buang air besar", "Toilet", "ada, sendiri", "ada, bersama", "MCK komunal", "MCK umum", "ada, tidak dipakai", "tidak ada"),
	coded(Kloset, "Jenis kloset", "Closet", "leher angsa", "plengsengan dengan tutup", "plengsengan tanpa tutup", "cemplung/cubluk"),
	coded(Limbah, "Pembuangan akhir tinja", "Sewage", "tangki septik", "IPAL", "kolam/sawah/sungai/danau/laut", "lubang tanah",
		"pantai/tanah lapang/kebun", "lainnya"),
	asset(TabungGas, "Tabung gas 5,5 kg atau lebih", "Gas cylinder of 5.5 kg or more"),
	asset(Kulkas, "Lemari es/kulkas", "Refrigerator"),
	asset(AC, "AC", "Air conditioner"),
	asset(PemanasAir, "Pemanas air", "Water heater"),
	asset(TeleponRumah, "Telepon rumah", "Landline telephone"),
	asset(TV, "Televisi layar datar", "Television"),
	asset(Emas, "Emas/perhiasan 10 g atau lebih", "Gold of 10 g or more"),
	asset(Laptop, "Komputer/laptop/tablet", "Computer"),
	asset(Sepeda, "Sepeda", "Bicycle"),
	asset(Motor, "Sepeda motor", "Motorcycle"),
	asset(Mobil, "Mobil", "Car"),
	asset(Perahu, "Perahu", "Boat"),
	asset(MotorTempel, "Motor tempel", "Outboard motor"),
	asset(PerahuMotor, "Perahu motor", "Motor boat"),
	asset(Smartphone, "Smartphone", "Smartphone"),
	asset(Lahan, "Lahan selain yang ditempati", "Land other than the homestead"),
	asset(RumahLain, "Rumah/bangunan di tempat lain", "House elsewhere"),
	count(Sapi, "Jumlah sapi", "Cattle"),
	count(Kerbau, "Jumlah kerbau", "Buffaloes"),
	count(Kuda, "Jumlah kuda", "Horses"),
	count(Babi, "Jumlah babi", "Pigs"),
	count(Kambing, "Jumlah kambing/domba", "Goats and sheep"),
	asset(Internet, "Akses internet", "Internet access"),
	asset(Rekening, "Rekening bank aktif", "Active bank account"),
	asset(Usaha, "Memiliki usaha", "Runs a business"),
	coded(Omzet, "Omzet usaha per bulan (juta rupiah)", "Business turnover a month (million rupiah)", "kurang dari 5", "5-15", "15-25", "25-167",
		"167-1250", "1250-4167", "4167 atau lebih"),

	beside(asset(TempatTinggal, "Punya tempat tinggal sehari-hari", "Has a place to live")),
	beside(asset(KhawatirMakan, "Setahun ini khawatir tidak makan atau tidak makan", "Within a year worried about food or went without")),
	beside(asset(PanganSeparuh, "Belanja makanan lebih dari separuh pengeluaran", "More than half of spending is for food")),
	beside(asset(BeliPakaian, "Membeli pakaian dalam setahun", "Bought clothes within a year")),
	beside(Item{Name: Pendapatan, Text: fault.Text{ID: "Pendapatan keluarga per bulan (ribu rupiah)", EN: "Family income a month (thousand rupiah)"}, Max: 30000}),
	beside(asset(TerimaPKH, "Menerima PKH", "Receives PKH")),
	beside(asset(TerimaSembako, "Menerima Sembako/BPNT", "Receives Sembako")),
	beside(asset(TerimaBLTDesa, "Menerima BLT Dana Desa", "Receives village-fund cash assistance")),
	beside(asset(TerimaBST, "Menerima BST", "Receives BST")),
	beside(asset(GuruSertifikat, "Ada guru bersertifikat (bukan ASN)", "A certified teacher in the family (not a civil servant)")),
	beside(asset(PengurusPerusahaan, "Ada pengurus perusahaan terdaftar", "An officer of a registered company in the family")),
	beside(asset(UpahDiAtasUMK, "Ada upah di atas UMK", "A wage above the regency's minimum in the family")),
	beside(asset(PerangkatDesa, "Ada perangkat desa", "A village official in the family")),
	beside(asset(ListrikNonsubsidi, "Sambungan listrik 900 VA atau lebih tanpa subsidi", "Electricity of 900 VA or more without subsidy")),
}

// beside marks an item that the form does not ask.
func beside(item Item) Item {
	item.Beside = true
	return item
}

func coded(name, id, en string, codes ...string) Item {
	return Item{Name: name, Text: fault.Text{ID: id, EN: en}, Min: 1, Max: len(codes), Codes: codes}
}

func asset(name, id, en string) Item { return coded(name, id, en, "ya", "tidak") }

func count(name, id, en string) Item {
	return Item{Name: name, Text: fault.Text{ID: id, EN: en}, Min: 0, Max: 9999}
}
