package sample

// Name lists of Java, Sumatra and of communities found everywhere. Compiled for this project from common given names;
// any likeness to a person is chance.

var java = culture{
	male: list(`Slamet Suparman Sutrisno Suyanto Wagiman Paimin Sukarno Suwito Hermawan Budi Joko Bambang Agus Eko Dwi Tri
		Wahyu Teguh Heru Supriyadi Mulyono Suharto Ngatiman Tukiman Sugeng Sarjono Kuncoro Purnomo Hadi Wibowo Andi Rudi
		Yanto Aris Bayu Dimas Rizki Galih Fajar Bagas Imam Nur Muhammad Ahmad Yusuf Arif Taufik Ridwan Subekti Widodo`),
	female: list(`Siti Sri Sulastri Sumiyati Suminah Tukiyem Wagiyem Ngatini Partini Sulistyowati Endang Wahyuni Titik Yuli
		Rini Dwi Tri Eka Ratna Dewi Kartini Lestari Puji Murni Sutinah Tumini Painem Rukmini Retno Ningsih Ayu Fitri
		Nur Indah Putri Wulan Intan Anisa Rahma Umi Aminah Khotimah Mariyam Suryati Sudarmi Yatmi Parjiyem Erna Nanik Utami`),
	last: list(`Santoso Wijaya Prasetyo Setiawan Nugroho Saputra Hidayat Kurniawan Raharjo Susanto Handoko Pranoto Hartono
		Sasongko Wicaksono Utomo Budiman Rahmadi Pamungkas Kusuma Sudarsono Mulyadi Pratama Ramadhan`),
	lastF: list(`Rahayu Lestari Wulandari Handayani Astuti Setyowati Purwanti Kusumawati Hidayati Widyastuti Susanti Andriyani
		Puspitasari Maharani Rohmah Hasanah Fatimah Safitri Anggraini Mulyani`),
	single: 35,
	nick: map[string]string{"Hermawan": "Wawan", "Sulistyowati": "Sulis", "Supriyadi": "Supri", "Suparman": "Parman",
		"Bambang": "Bambang", "Endang": "Endang", "Sutrisno": "Tris", "Suyanto": "Yanto", "Ngatiman": "Man", "Mulyono": "Mul",
		"Sumiyati": "Sum", "Kartini": "Tini", "Ridwan": "Iwan", "Taufik": "Opik"},
	places: list("Semarang Surakarta Kudus Demak Kendal Magelang Pati Blora Yogyakarta Madiun"),
}

var sunda = culture{
	male: list(`Asep Dadang Ujang Cecep Deden Dede Entis Maman Jajang Nandang Endang Tatang Yayat Agus Iwan Wawan Aep Ade
		Odang Karta Sarip Uden Enjang Cucu Dudung Engkos Oman Rahmat Hendra Rizal Ahmad Muhammad Abdul Dikdik Gilang
		Reza Fauzi Rian Taryana Suherman Sutisna Kosasih Supriatna Ruhiyat Ayi Komar Ipin Didin Yudi Herman`),
	female: list(`Euis Neneng Entin Eneng Imas Ai Tati Cicih Iis Lilis Nining Yayah Rokayah Eti Ela Enok Elis Nani Iyam
		Icih Siti Nyai Dedeh Popon Titin Yuyun Ani Wiwin Rina Rani Dewi Yeni Nia Mimin Onah Ijah Empat Karmila Sumarni
		Kokom Ade Cucu Nur Aisyah Salma Novi Santi Tuti Yanti Nurhayati`),
	last: list(`Suherman Kurnia Hidayat Sutisna Permana Gunawan Mulyana Supriatna Rahmat Kusnadi Nugraha Setiadi Ruhiyat Sopandi
		Suryana Firmansyah Ramdani Hermawan Iskandar Koswara Saepudin Solihin Rustandi Wahyudin`),
	lastF: list(`Rohaeni Kartika Rahmawati Kurniasih Suryani Nurlaela Maryati Komalasari Hasanah Sulastri Fatmawati Rosmiati
		Nuraeni Sukaesih Yulianti Hartati Marlina Juariah Saadah Sumiati`),
	single: 25,
	nick: map[string]string{"Asep": "Acep", "Dadang": "Dadang", "Suherman": "Maman", "Hermawan": "Wawan", "Nurhayati": "Yati",
		"Rokayah": "Okay", "Sumarni": "Enar", "Saepudin": "Udin", "Taryana": "Yana", "Karmila": "Mila", "Supriatna": "Nana"},
	places: list("Bandung Garut Tasikmalaya Sumedang Cianjur Sukabumi Ciamis Majalengka Subang Purwakarta"),
}

var batak = culture{
	male: list(`Parulian Marihot Saut Tigor Binsar Poltak Hotman Sahat Pardomuan Maruli Jonggi Togar Robert Johannes Manahan
		Mangatas Ronal Jhonson Daniel Samuel Gunung Sabam Tumpal Halomoan Bonar Amos Edison Freddy Lamhot Rapolo Mangara
		Jesaya Petrus Dapot Horas Jansen Riduan Benget Ramli Sintong`),
	female: list(`Tiurma Rosmawati Dameria Lasma Rumondang Hotmaida Duma Tiominar Lamria Ruth Ester Marta Debora Rotua Nurhaida
		Sondang Risma Lenny Masta Tetti Saurma Romauli Herlina Netty Basaria Mariani Rosdiana Friska Juniar Melva Desi
		Nurmala Rita Sarma Elfrida Marlina Tiarma Nurita Lilis Santi`),
	last: list(`Simanjuntak Sihombing Nainggolan Hutapea Siregar Harahap Lubis Nasution Sinaga Situmorang Manurung Panjaitan
		Pasaribu Silalahi Hutabarat Simbolon Tampubolon Ginting Tarigan Sembiring Purba Saragih Damanik Batubara Rangkuti
		Pohan Dalimunthe Marpaung Napitupulu Sitorus`),
	shared: true,
	nick: map[string]string{"Parulian": "Lian", "Pardomuan": "Domu", "Johannes": "Jo", "Rosmawati": "Ros", "Hotmaida": "Ida",
		"Rumondang": "Ondang", "Halomoan": "Moan", "Tiominar": "Minar"},
	places: list("Medan Tarutung Balige Sibolga Binjai Pematangsiantar Padangsidimpuan Kabanjahe Rantauprapat Stabat"),
}

var minang = culture{
	male: list(`Syafrizal Zulkifli Afrizal Yusrizal Syamsuar Darwis Rusdi Amrizal Nasrul Jufri Hendri Dasril Masrizal Buyung
		Syahril Zainal Erizal Khairul Edwar Irwan Ali Anwar Bustami Mukhlis Ramli Rizki Fadil Ilham Habib Refdi`),
	female: list(`Yusnimar Nurlaili Zubaidah Ermawati Desmawati Asnimar Murniati Rosnida Syafni Elvira Yulidar Nurhayati Warni
		Rahmi Fitria Zulbaidah Jusnidar Marnis Upik Darmawati Gusnita Mira Yenita Reni Silvia Nofrita Aisyah Hasna Elfi Des`),
	last:  list("Piliang Caniago Koto Tanjung Sikumbang Guci Jambak Chaniago Malik Effendi Yunus Rasyid Amir Saputra Hakim"),
	lastF: list("Piliang Caniago Koto Tanjung Sikumbang Guci Jambak Yanti Wati Sari Fitri Rahman Hasan Zein"),
	nick: map[string]string{"Syafrizal": "Rizal", "Zulkifli": "Zul", "Nurlaili": "Lili", "Yusrizal": "Ijal", "Ermawati": "Erma",
		"Zubaidah": "Idah", "Nurhayati": "Yati"},
	single: 30,
	places: list("Padang Bukittinggi Payakumbuh Solok Pariaman Batusangkar Painan"),
}

var tionghoa = culture{
	male: list(`Hendra Budi Tan Lim Kevin Wilson Steven Hartono Rudy Eddy Johan Andy Michael Ferry Jimmy William Antonius
		Sugianto Liem Aseng Acong Ahok Darwin Irwan`),
	female: list(`Lina Mei Lani Susan Yenny Fenny Linda Melia Shinta Vivi Jessica Angeline Felicia Cindy Meylan Aling
		Lily Siulan Afung Merry Elisabet Wiwi`),
	last: list("Wijaya Halim Gunawan Salim Hartanto Tanuwijaya Kusuma Lesmana Tanoto Setiawan Suryadi Liem Tjandra Oei Kho Sutanto Winata Chandra"),
	// The civil registry may hold both names of a person, parted by "alias".
	alias:  list("Tan Lim Oei Liem Kwee Thio Ong Lie"),
	shared: true,
	nick:   map[string]string{"Hendra": "Aheng", "Elisabet": "Lisa", "Antonius": "Anton", "Sugianto": "Asun"},
	places: list("Medan Semarang Surabaya Pontianak Singkawang Jakarta Bandung Makassar"),
}

var arab = culture{
	male:   list("Ahmad Ali Hasan Husein Umar Abdullah Salim Muhsin Idrus Alwi Abubakar Yahya Zein Taha Fahmi Muhammad Abdurrahman Hamid"),
	female: list("Fatimah Aisyah Khadijah Zainab Salmah Ruqayyah Nur Syarifah Muznah Sidah Maryam Aminah Nafisah Lulu Hindun"),
	last: list(`Assegaf Alatas Alhabsyi Alaydrus Shihab Baswedan Bawazier Bahasuan Alkatiri Aljufri Basalamah Baabud Alhadad
		Thalib`),
	patronym: true,
	shared:   true,
	nick:     map[string]string{"Abdullah": "Dulah", "Abdurrahman": "Rahman", "Muhammad": "Mamat", "Abubakar": "Abu", "Fatimah": "Ifat"},
	places:   list("Pekalongan Surabaya Gresik Solo Jakarta Palembang Kupang Makassar"),
}
