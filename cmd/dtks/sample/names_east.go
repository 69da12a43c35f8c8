package sample

// Name lists of Bali, Nusa Tenggara, Sulawesi and Papua. Compiled for this project from common given names; any
// likeness to a person is chance.

var bali = culture{
	male: list(`Sudarma Artawan Suardana Widiana Wirawan Suparta Sudiarta Astawa Mahendra Gunarsa Sukarya Adnyana Subagia
		Ariana Darmawan Merta Suteja Kertiasa Yasa Sumerta Budiarta Saputra Pradana Mahardika Arnawa Rai Sugiarta
		Wijana Pasek Suwitra`),
	female: list(`Suastini Widiasih Sukerti Artini Suryani Murniasih Ratnadi Sulastri Kariani Wartini Sudiasih Puspawati Rasmini
		Ariani Cahyani Darmayanti Mariani Sumiati Yuniari Ayuni Lestari Pradnyani Dewi Rusmini Sriasih Astuti Tirtawati
		Suci Wahyuni Swandewi`),
	first:  true,
	nick:   map[string]string{"Sudarma": "Darma", "Suardana": "Dana", "Mahendra": "Hendra", "Puspawati": "Puspa", "Darmayanti": "Yanti"},
	places: list("Denpasar Gianyar Tabanan Singaraja Karangasem Bangli Klungkung Negara"),
}

// birthOrder are the Balinese names by order of birth, which begin again after the fourth.
var birthOrder = [4][]string{{"Wayan", "Putu", "Gede"}, {"Made", "Kadek"}, {"Nyoman", "Komang"}, {"Ketut"}}

var bugis = culture{
	male: list(`Baso Daeng Andi Syamsuddin Muhammad Ambo Beddu Tahir Sultan Hamzah Abdul Ilham Rustam Nasir Jamaluddin Saharuddin
		Syarifuddin Sudirman Kamaruddin Amiruddin Bahar Lukman Firman Akbar Muhlis Ridwan Hasanuddin Arsyad Mansur Rahim
		Latif Anwar Tajuddin Zainuddin Haris`),
	female: list(`Besse Andi Sitti Nurhayati Indo Hasnah Rosmini Nurlina Hartati Rahmatia Kartini Sunarti Fatmawati Darmawati
		Rosdiana Murni Nursiah Syamsiah Hamsinah Marlina Ratna Jumriah Nuraeni Herlina Suriani Mariati Nurjannah Wahida
		Asriani Salma Tenri Bunga Subaedah Saoda`),
	last: list(`Parenrengi Mappanyukki Tahir Rahman Arifin Lanti Palaguna Sulaiman Mattalatta Yunus Halim Sampara Baharuddin
		Hasan Patunru Mappasomba Rasyid Idris Pawennari Usman`),
	single: 30,
	nick: map[string]string{"Syamsuddin": "Udding", "Jamaluddin": "Jamal", "Saharuddin": "Sahar", "Nurhayati": "Haya",
		"Kamaruddin": "Kama", "Fatmawati": "Fatma", "Syarifuddin": "Sari", "Darmawati": "Darma", "Rosdiana": "Ros"},
	places: list("Makassar Bone Wajo Sengkang Pinrang Parepare Barru Gowa Maros Takalar Soppeng"),
}

var ntt = culture{
	male: list(`Yohanes Petrus Paulus Yosef Markus Antonius Fransiskus Stefanus Daniel Simon Marthen Melkianus Yakobus Kornelis
		Benyamin Aleksander Lukas Gabriel Agustinus Thomas Dominggus Hendrikus Mikhael Nikodemus Obed Semuel Wilhelmus Yeremias
		Oktovianus Kristoforus`),
	female: list(`Maria Yuliana Margaretha Theresia Yosefina Martha Elisabeth Anastasia Agnes Veronika Katarina Fransiska Dorkas
		Adolfina Yustina Welhelmina Magdalena Rosalia Kristina Regina Bernadeta Susana Yublina Ferderika Antoneta
		Marselina Paulina Oktaviana Sarlota Orpa`),
	last: list(`Nenobais Tefa Seran Manafe Ndun Tallo Bria Lay Kollo Nabu Benu Taneo Fallo Sae Banunaek Nope Bessie Lakapu Mella
		Pellokila Adoe Foeh Haning Radja Kore Djara Wila Gere Tukan Lamawuran Ola Kopong`),
	shared: true,
	nick: map[string]string{"Yohanes": "Anis", "Fransiskus": "Frans", "Antonius": "Toni", "Margaretha": "Eta", "Yosefina": "Fina",
		"Welhelmina": "Mina", "Aleksander": "Aleks", "Oktovianus": "Okto", "Theresia": "Tere", "Agustinus": "Gusti"},
	places: list("Kupang Soe Kefamenanu Atambua Ende Maumere Ruteng Waingapu Larantuka Rote"),
}

var papua = culture{
	male: list(`Yohanis Yulianus Marthinus Septinus Elia Obeth Nataniel Yakob Isak Absalom Demianus Frans Melkias Ruben Soleman Thomas
		Zakarias Yance Otniel Hengky Agus Benny Daud Esau Filep Gerson Habel Imanuel Yonas Korneles`),
	female: list(`Yosephina Yuliana Martha Selvina Naomi Ruth Dorina Ester Adolina Yohana Debora Fransina Paulina Marike Salomina
		Orpa Rahel Sarah Amelia Dina Febelina Gerda Helena Ida Yakomina Levina Meriam Norce Ribka Tirza`),
	last: list(`Wenda Kogoya Tabuni Yikwa Murib Enumbi Gombo Wonda Mandacan Rumbiak Rumbewas Wambrauw Yoku Ohee Felle Suebu Ondi
		Monim Wally Doyapo Kaigere Demena Tokoro Nere Youwe Sanyi Ibo Merauje Hamadi Awoitauw Pangkatana`),
	shared: true,
	nick: map[string]string{"Yohanis": "Anis", "Yosephina": "Fina", "Marthinus": "Tinus", "Zakarias": "Sakar", "Nataniel": "Natan",
		"Salomina": "Mina", "Imanuel": "Manu", "Demianus": "Demi", "Yakomina": "Koma"},
	places: list("Jayapura Sentani Wamena Biak Serui Merauke Nabire Timika Sarmi"),
}
