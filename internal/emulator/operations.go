package emulator

import (
	"context"

	"github.com/conductorone/baton-descope/gen/descopeserver"
)

// operations answers the operations of the OpenAPI document from a store.
type operations struct{ store *Store }

var _ descopeserver.StrictServerInterface = operations{}

func (o operations) SearchUsers(_ context.Context, r descopeserver.SearchUsersRequestObject) (descopeserver.SearchUsersResponseObject, error) {
	return answer(o.store.search(*r.Body))
}

func (o operations) LoadUser(_ context.Context, r descopeserver.LoadUserRequestObject) (descopeserver.LoadUserResponseObject, error) {
	return answer(o.store.loadUser(r.Params.UserID, r.Params.LoginID))
}

func (o operations) LoadAllTenants(context.Context, descopeserver.LoadAllTenantsRequestObject) (descopeserver.LoadAllTenantsResponseObject, error) {
	return reply{body: o.store.loadAllTenants()}, nil
}

func (o operations) LoadAllRoles(context.Context, descopeserver.LoadAllRolesRequestObject) (descopeserver.LoadAllRolesResponseObject, error) {
	return reply{body: o.store.loadAllRoles()}, nil
}

func (o operations) LoadAllPermissions(context.Context, descopeserver.LoadAllPermissionsRequestObject) (descopeserver.LoadAllPermissionsResponseObject, error) {
	return reply{body: o.store.loadAllPermissions()}, nil
}

func (o operations) SearchAccessKeys(_ context.Context, r descopeserver.SearchAccessKeysRequestObject) (descopeserver.SearchAccessKeysResponseObject, error) {
	return reply{body: o.store.searchAccessKeys(*r.Body)}, nil
}

func (o operations) LoadAllSSOApplications(context.Context, descopeserver.LoadAllSSOApplicationsRequestObject) (descopeserver.LoadAllSSOApplicationsResponseObject, error) {
	return reply{body: o.store.loadAllSSOApplications()}, nil
}

func (o operations) AddUserRoles(_ context.Context, r descopeserver.AddUserRolesRequestObject) (descopeserver.AddUserRolesResponseObject, error) {
	return answer(o.store.addRoles(r.Body.LoginID, r.Body.TenantID, r.Body.RoleNames, false))
}

func (o operations) AddUserRolesV2(_ context.Context, r descopeserver.AddUserRolesV2RequestObject) (descopeserver.AddUserRolesV2ResponseObject, error) {
	return answer(o.store.addRoles(r.Body.LoginID, r.Body.TenantID, r.Body.RoleNames, true))
}

func (o operations) RemoveUserRoles(_ context.Context, r descopeserver.RemoveUserRolesRequestObject) (descopeserver.RemoveUserRolesResponseObject, error) {
	return answer(o.store.removeRoles(r.Body.LoginID, r.Body.TenantID, r.Body.RoleNames))
}

func (o operations) AddUserTenant(_ context.Context, r descopeserver.AddUserTenantRequestObject) (descopeserver.AddUserTenantResponseObject, error) {
	return answer(o.store.addTenant(r.Body.LoginID, r.Body.TenantID))
}

func (o operations) RemoveUserTenant(_ context.Context, r descopeserver.RemoveUserTenantRequestObject) (descopeserver.RemoveUserTenantResponseObject, error) {
	return answer(o.store.removeTenant(r.Body.LoginID, r.Body.TenantID))
}

func (o operations) CreateUser(_ context.Context, r descopeserver.CreateUserRequestObject) (descopeserver.CreateUserResponseObject, error) {
	return answer(o.store.create(*r.Body))
}

func (o operations) PatchUser(_ context.Context, r descopeserver.PatchUserRequestObject) (descopeserver.PatchUserResponseObject, error) {
	return answer(o.store.patch(*r.Body))
}

func (o operations) UpdateUser(_ context.Context, r descopeserver.UpdateUserRequestObject) (descopeserver.UpdateUserResponseObject, error) {
	return answer(o.store.update(*r.Body))
}

func (o operations) UpdateUserStatus(_ context.Context, r descopeserver.UpdateUserStatusRequestObject) (descopeserver.UpdateUserStatusResponseObject, error) {
	return answer(o.store.updateStatus(*r.Body))
}

func (o operations) LogoutAllUserDevices(_ context.Context, r descopeserver.LogoutAllUserDevicesRequestObject) (descopeserver.LogoutAllUserDevicesResponseObject, error) {
	return answer(o.store.signOut(r.Body.UserID, r.Body.LoginID))
}

func (o operations) DeleteUser(_ context.Context, r descopeserver.DeleteUserRequestObject) (descopeserver.DeleteUserResponseObject, error) {
	return answer(o.store.remove(r.Body.UserID, r.Body.LoginID))
}

func (o operations) ExpireUserPassword(_ context.Context, r descopeserver.ExpireUserPasswordRequestObject) (descopeserver.ExpireUserPasswordResponseObject, error) {
	return answer(o.store.expirePassword(r.Body.LoginID))
}
