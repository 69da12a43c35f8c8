package event

// Entry describes one type for the catalogue: generated documents and golden files are made from it.
type Entry struct {
	Type    Type
	Owner   string
	Filters string        // what the filter token may be
	ID      string        // what the aggregate id is
	Payload any           // zero value of the payload struct
	Classes map[Class]any // zero value of each class's plaintext
	When    string        // one sentence: published when
}

// Catalogue lists every type ever published, owners in order of the flow.
func Catalogue() []Entry {
	return []Entry{
		{TypeProposalUpdated, "registry", "all", "proposal", ProposalUpdated{},
			map[Class]any{Identity: ProposalIdentity{}, Survey: FamilySurvey{}, Sensitive: FamilySensitive{}},
			"a proposal is entered, changed, returned, rejected or applied"},
		{TypeRegistrantUpdated, "registry", "family | person", "family or person", RegistrantUpdated{},
			map[Class]any{Identity: FamilyIdentity{}, Survey: FamilySurvey{}, Sensitive: FamilySensitive{}},
			"the state in force of a family or person changes; for a person the identity class is PersonIdentity and there is no other"},
		{TypeCaseUpdated, "verification", "all", "case", CaseUpdated{}, nil,
			"a case is opened, and at each decision on it"},
		{TypeMatchDecided, "nik-match", "all", "person", MatchDecided{},
			map[Class]any{Identity: MatchEvidence{}},
			"the civil registry has answered for one identity version of a person"},
		{TypeDuplicateFound, "nik-match", "first | second", "pair of persons", DuplicateFound{},
			map[Class]any{Identity: DuplicateEvidence{}},
			"two registrants look like one person, when what is known of the pair changes, and when they no longer do"},
		{TypeEntitlementChanged, "eligibility", "programme code", "family", EntitlementChanged{},
			map[Class]any{Survey: EntitlementBasis{}},
			"the outcome, amount or basis of a family's entitlement changes"},
		{TypeRankReleased, "eligibility", "all", "release", RankReleased{}, nil,
			"a rank release takes force, and when its fan-out is complete"},
		{TypeDeliveryUpdated, "notify", "channel", "delivery", DeliveryUpdated{}, nil,
			"a delivery has reached its end"},
		{KeyGrantedType("registry"), "registry", "recipient", "<class>-<day>", KeyGranted{}, nil, grantWhen},
		{KeyGrantedType("nik-match"), "nik-match", "recipient", "<class>-<day>", KeyGranted{}, nil, grantWhen},
		{KeyGrantedType("eligibility"), "eligibility", "recipient", "<class>-<day>", KeyGranted{}, nil, grantWhen},
	}
}

const grantWhen = "a day key of a field class is handed to a recipient, sealed to its public key"
