package control

// Endpoint names an operation of the identity service, in whichever API version.
// The names are the paths below the API's base.
type Endpoint string

// Endpoints.
const (
	Versions           Endpoint = "versions"
	Ping               Endpoint = "ping"
	Register           Endpoint = "account/register"
	Account            Endpoint = "account"
	Logout             Endpoint = "account/logout"
	GetTerms           Endpoint = "terms"
	AcceptTerms        Endpoint = "terms/accept" // POST of the same path
	PubKey             Endpoint = "pubkey"
	PubKeyIsValid      Endpoint = "pubkey/isvalid"
	EphemeralIsValid   Endpoint = "pubkey/ephemeral/isvalid"
	HashDetails        Endpoint = "hash_details"
	Lookup             Endpoint = "lookup"
	BulkLookup         Endpoint = "bulk_lookup" // v1
	EmailRequestToken  Endpoint = "validate/email/requestToken"
	EmailSubmitToken   Endpoint = "validate/email/submitToken"
	MSISDNRequestToken Endpoint = "validate/msisdn/requestToken"
	MSISDNSubmitToken  Endpoint = "validate/msisdn/submitToken"
	GetValidated3PID   Endpoint = "3pid/getValidated3pid"
	Bind               Endpoint = "3pid/bind"
	Unbind             Endpoint = "3pid/unbind"
	StoreInvite        Endpoint = "store-invite"
	SignEd25519        Endpoint = "sign-ed25519"
)

// Mediums of third-party identifiers.
const (
	Email  = "email"
	MSISDN = "msisdn"
)

// Services: validation sessions made at one are unknown at the other.
const (
	ServiceIdentity = "identity"
	ServiceSMS      = "sms" // the homeserver's SMS delegate
)
