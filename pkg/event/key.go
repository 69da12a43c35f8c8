package event

// KeyGrantedType is the type under which an owner grants day keys; every owner of sealed fields has one.
func KeyGrantedType(owner string) Type { return Type(owner + ".key.granted.v1") }

// KeyGranted hands one day key of one class to one recipient, sealed to its public key (HPKE, RFC 9180).
// Aggregate id: <class>-<day>. Filter: the recipient's name. Area: national.
type KeyGranted struct {
	Recipient string `json:"recipient"`
	Class     Class  `json:"class"`
	Day       string `json:"day"` // 2006-01-02, UTC
	Key       []byte `json:"key"` // enc || ciphertext, base64 in JSON
}
