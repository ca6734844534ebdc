package emulator

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/conductorone/baton-descope/gen/descopeserver"
)

// Failure is an error reply: a status, and the code that says why. Codes are those
// known of the service, but for the two that end in an HTTP status: what it
// answers there is not known.
type Failure struct {
	Status      int
	Code        string
	Description string
	Message     string
	RetryAfter  time.Duration // rounded up to seconds; 0 sends no header
}

func (f *Failure) Error() string {
	return fmt.Sprintf("HTTP %d %s: %s: %s", f.Status, f.Code, f.Description, f.Message)
}

// Send answers a request with the failure.
func (f *Failure) Send(w http.ResponseWriter) error {
	if f.RetryAfter > 0 {
		seconds := (f.RetryAfter + time.Second - 1) / time.Second
		w.Header().Set("Retry-After", strconv.Itoa(int(seconds)))
	}
	return writeJSON(w, f.Status, encode(descopeserver.Error{
		ErrorCode:        f.Code,
		ErrorDescription: f.Description,
		ErrorMessage:     f.Message,
	}))
}

// Failure returns what the service answers a request with for an HTTP status up to
// 499. The message is for those that have none of their own.
func (s *Server) Failure(status int, message string, r *http.Request) *Failure {
	switch status {
	case http.StatusBadRequest:
		return invalidArguments(message)
	case http.StatusUnauthorized:
		return unauthorized()
	case http.StatusForbidden:
		return forbidden(s.document.operation(r))
	case http.StatusNotFound:
		return noSuchCall(r)
	case http.StatusTooManyRequests:
		return rateLimited(0)
	}
	return &Failure{Status: status, Code: fmt.Sprintf("E000%d", status), Description: cmp.Or(http.StatusText(status), "Error"), Message: message}
}

func unauthorized() *Failure {
	return &Failure{Status: http.StatusUnauthorized, Code: "E111119", Description: "Unauthorized", Message: "the project id or the management key is wrong"}
}

func forbidden(operation string) *Failure {
	return &Failure{Status: http.StatusForbidden, Code: "E000403", Description: "Forbidden", Message: "the management key does not allow " + operation}
}

func noSuchCall(r *http.Request) *Failure {
	return &Failure{Status: http.StatusNotFound, Code: "E000404", Description: "Not found", Message: "no operation at " + r.Method + " " + r.URL.Path}
}

func rateLimited(wait time.Duration) *Failure {
	return &Failure{Status: http.StatusTooManyRequests, Code: "E130429", Description: "Rate limit exceeded", Message: "too many requests", RetryAfter: wait}
}

func missingArguments(message string) *Failure {
	return &Failure{Status: http.StatusBadRequest, Code: "E011002", Description: "Missing arguments", Message: message}
}

func invalidRequest(message string) *Failure {
	return &Failure{Status: http.StatusBadRequest, Code: "E011003", Description: "Request does not validate", Message: message}
}

func invalidArguments(message string) *Failure {
	return &Failure{Status: http.StatusBadRequest, Code: "E011004", Description: "Invalid arguments", Message: message}
}

func userNotFound(identifier string) *Failure {
	return &Failure{Status: http.StatusNotFound, Code: "E112102", Description: "User not found", Message: "no user has the id " + identifier}
}

func tenantNotFound(id string) *Failure {
	return &Failure{Status: http.StatusBadRequest, Code: "E111104", Description: "Tenant not found", Message: "no tenant has the id " + id}
}

func roleNotFound(tenantID, name string) *Failure {
	where := "the project"
	if tenantID != "" {
		where = "tenant " + tenantID
	}
	return &Failure{Status: http.StatusBadRequest, Code: "E111403", Description: "Role not found", Message: fmt.Sprintf("%s has no role %q", where, name)}
}

func userExists(code, loginID string) *Failure {
	return &Failure{Status: http.StatusBadRequest, Code: code, Description: "User already exists", Message: "a user has the login id " + loginID}
}

// reply is the answer to any operation, as the JSON it is served as. It is in the
// place of the generated replies, which leave empty fields out.
type reply struct {
	body    []byte
	failure *Failure
}

// answer turns what a method of the store returns into a reply. An error that is
// no Failure is a fault of ours.
func answer(body []byte, err error) (reply, error) {
	if failure, ok := errors.AsType[*Failure](err); ok {
		return reply{failure: failure}, nil
	}
	return reply{body: body}, err
}

func (r reply) write(w http.ResponseWriter) error {
	if r.failure != nil {
		return r.failure.Send(w)
	}
	return writeJSON(w, http.StatusOK, r.body)
}

func (r reply) VisitSearchUsersResponse(w http.ResponseWriter) error          { return r.write(w) }
func (r reply) VisitLoadUserResponse(w http.ResponseWriter) error             { return r.write(w) }
func (r reply) VisitLoadAllTenantsResponse(w http.ResponseWriter) error       { return r.write(w) }
func (r reply) VisitLoadAllRolesResponse(w http.ResponseWriter) error         { return r.write(w) }
func (r reply) VisitLoadAllPermissionsResponse(w http.ResponseWriter) error   { return r.write(w) }
func (r reply) VisitSearchAccessKeysResponse(w http.ResponseWriter) error     { return r.write(w) }
func (r reply) VisitAddUserRolesResponse(w http.ResponseWriter) error         { return r.write(w) }
func (r reply) VisitAddUserRolesV2Response(w http.ResponseWriter) error       { return r.write(w) }
func (r reply) VisitRemoveUserRolesResponse(w http.ResponseWriter) error      { return r.write(w) }
func (r reply) VisitAddUserTenantResponse(w http.ResponseWriter) error        { return r.write(w) }
func (r reply) VisitRemoveUserTenantResponse(w http.ResponseWriter) error     { return r.write(w) }
func (r reply) VisitCreateUserResponse(w http.ResponseWriter) error           { return r.write(w) }
func (r reply) VisitPatchUserResponse(w http.ResponseWriter) error            { return r.write(w) }
func (r reply) VisitUpdateUserResponse(w http.ResponseWriter) error           { return r.write(w) }
func (r reply) VisitUpdateUserStatusResponse(w http.ResponseWriter) error     { return r.write(w) }
func (r reply) VisitLogoutAllUserDevicesResponse(w http.ResponseWriter) error { return r.write(w) }
func (r reply) VisitDeleteUserResponse(w http.ResponseWriter) error           { return r.write(w) }
func (r reply) VisitExpireUserPasswordResponse(w http.ResponseWriter) error   { return r.write(w) }

func (r reply) VisitLoadAllSSOApplicationsResponse(w http.ResponseWriter) error { return r.write(w) }

func writeJSON(w http.ResponseWriter, status int, body json.RawMessage) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, err := w.Write(body)
	return err
}
