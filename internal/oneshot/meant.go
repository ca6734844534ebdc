package oneshot

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	reader_v2 "github.com/conductorone/baton-sdk/pb/c1/reader/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-descope/internal/spelling"
)

// What people give for an id is often something else that they see: a name, an e-mail
// address, a part of the id. What they meant is looked for in the file.

// maxMeant is how many ids an error offers.
const maxMeant = 3

// noEntitlement is the error of an entitlement that is not there, and says why not.
func (p *provisioning) noEntitlement(ctx context.Context, id, why string) error {
	meant, err := p.meantEntitlement(ctx, id)
	if err != nil {
		return err
	}
	return status.Errorf(codes.NotFound, "%s has no entitlement %q%s%s", p.File, id, why, meant)
}

// meantEntitlement returns the end of an error that offers the entitlements that a
// text names in another way than by their id, or the one with the nearest id.
func (p *provisioning) meantEntitlement(ctx context.Context, given string) (string, error) {
	named := map[string]bool{} // Resources that are called so.
	err := p.eachResource(ctx, "", func(r *v2.Resource) {
		if strings.EqualFold(r.GetDisplayName(), given) {
			named[typed(r.GetId())] = true
		}
	})
	if err != nil {
		return "", err
	}
	var meant, ids []string
	for token := ""; ; {
		page, err := p.file.ListEntitlements(ctx, v2.EntitlementsServiceListEntitlementsRequest_builder{PageToken: token}.Build())
		if err != nil {
			return "", p.unreadable(err)
		}
		for _, e := range page.GetList() {
			id, on := e.GetId(), e.GetResource().GetId()
			ids = append(ids, id)
			also := []string{id, typed(on), on.GetResource(), e.GetDisplayName()}
			if named[typed(on)] || slices.ContainsFunc(also, func(text string) bool { return strings.EqualFold(text, given) }) {
				meant = append(meant, id)
			}
		}
		if token = page.GetNextPageToken(); token == "" {
			break
		}
	}
	if meant == nil {
		meant = nearest(given, ids)
	}
	return offer(meant), nil
}

// nearest returns the entitlement whose id is the likeliest for a misspelt one. When the
// type and the slug are right, only the id of the resource counts: the rest would make
// any two alike.
func nearest(given string, ids []string) []string {
	word, before, after := given, "", ""
	if on, slug := splitEntitlement(given); on != nil {
		word, before, after = on.GetResource(), on.GetResourceType()+":", ":"+slug
	}
	var words []string
	for _, id := range ids {
		if strings.HasPrefix(id, before) && strings.HasSuffix(id, after) && len(id) > len(before)+len(after) {
			words = append(words, id[len(before):len(id)-len(after)])
		}
	}
	if best := spelling.Nearest(word, words); best != "" {
		return []string{before + best + after}
	}
	return nil
}

// meantPrincipal returns the end of an error that says whose name, login or e-mail
// address was given for an id; nothing when it is nobody's.
func (p *provisioning) meantPrincipal(ctx context.Context, typeID, given string) (string, error) {
	var meant []string
	err := p.eachResource(ctx, typeID, func(r *v2.Resource) {
		if what := knownAs(r, given); what != "" {
			meant = append(meant, what+" of "+called(r))
		}
	})
	if err != nil || meant == nil {
		return "", err
	}
	slices.Sort(meant)
	return fmt.Sprintf("; that is the %s: give the id", strings.Join(first(meant), " and the ")), nil
}

// knownAs says what a text is of a resource, other than its id; "" for nothing.
func knownAs(r *v2.Resource, text string) string {
	user := &v2.UserTrait{}
	annos := annotations.Annotations(r.GetAnnotations())
	if ok, err := annos.Pick(user); ok && err == nil {
		for _, email := range user.GetEmails() {
			if strings.EqualFold(email.GetAddress(), text) {
				return "e-mail address"
			}
		}
		for _, login := range append([]string{user.GetLogin()}, user.GetLoginAliases()...) {
			if strings.EqualFold(login, text) {
				return "login ID"
			}
		}
	}
	switch {
	case strings.EqualFold(r.GetDisplayName(), text):
		return "name"
	case strings.EqualFold(r.GetId().GetResource(), text):
		return "id in other letters"
	case typed(r.GetId()) == text:
		return "type and id"
	}
	return ""
}

// noGrant is the error of a grant to revoke that is not in the file. It says which of
// its parts is not there.
func (p *provisioning) noGrant(ctx context.Context) error {
	entitlement, principal, err := p.parts(ctx, p.Revoke)
	if err != nil {
		return err
	}
	fail := func(why string) error {
		return status.Errorf(codes.NotFound, "%s has no grant %q%s", p.File, p.Revoke, why)
	}
	if entitlement == "" {
		return fail("; an id has the form ENTITLEMENT:TYPE:ID, as in TYPE:ID:ENTITLEMENT:TYPE:ID")
	}
	there, err := p.hasEntitlement(ctx, entitlement)
	if err != nil {
		return err
	}
	if !there {
		meant, err := p.meantEntitlement(ctx, entitlement)
		if err != nil {
			return err
		}
		return fail(fmt.Sprintf(": there is no entitlement %q%s", entitlement, meant))
	}
	if principal == nil {
		return fail("; that is an entitlement: give who holds it as well, as in " + readable(entitlement) + ":TYPE:ID")
	}
	holder, err := p.inFile(ctx, principal)
	if err != nil {
		return err
	}
	if holder == nil {
		meant, err := p.meantPrincipal(ctx, principal.GetResourceType(), principal.GetResource())
		if err != nil {
			return err
		}
		return fail(fmt.Sprintf(": there is no %s with the id %q%s", principal.GetResourceType(), principal.GetResource(), meant))
	}
	return fail(fmt.Sprintf(": %s did not hold %s; sync into that file first if it was granted since", called(holder), readable(entitlement)))
}

// parts cuts the id of a grant into those of an entitlement and of who holds it; nil
// where the whole is an entitlement. An id may itself look like the end of another: an
// entitlement that the file has comes first.
func (p *provisioning) parts(ctx context.Context, grant string) (entitlement string, principal *v2.ResourceId, err error) {
	if there, err := p.hasEntitlement(ctx, grant); there || err != nil {
		return grant, nil, err
	}
	for _, typeID := range p.types {
		separator := ":" + typeID + ":"
		for at := strings.LastIndex(grant, separator); at > 0; at = strings.LastIndex(grant[:at], separator) {
			there, err := p.hasEntitlement(ctx, grant[:at])
			if err != nil {
				return "", nil, err
			}
			if there || entitlement == "" {
				entitlement, principal = grant[:at], v2.ResourceId_builder{ResourceType: typeID, Resource: grant[at+len(separator):]}.Build()
			}
			if there {
				return entitlement, principal, nil
			}
		}
	}
	return entitlement, principal, nil
}

func (p *provisioning) hasEntitlement(ctx context.Context, id string) (bool, error) {
	_, err := p.file.GetEntitlement(ctx, reader_v2.EntitlementsReaderServiceGetEntitlementRequest_builder{EntitlementId: id}.Build())
	if err != nil && status.Code(err) != codes.NotFound {
		return false, p.unreadable(err)
	}
	return err == nil, nil
}

// eachResource visits the resources of a type in the file; of all types without one.
func (p *provisioning) eachResource(ctx context.Context, typeID string, visit func(*v2.Resource)) error {
	for token := ""; ; {
		page, err := p.file.ListResources(ctx, v2.ResourcesServiceListResourcesRequest_builder{ResourceTypeId: typeID, PageToken: token}.Build())
		if err != nil {
			return p.unreadable(err)
		}
		for _, r := range page.GetList() {
			visit(r)
		}
		if token = page.GetNextPageToken(); token == "" {
			return nil
		}
	}
}

// typed is an id with its type before it.
func typed(id *v2.ResourceId) string { return id.GetResourceType() + ":" + id.GetResource() }

// offer is the end of an error that offers ids; nothing for none.
func offer(ids []string) string {
	if ids == nil {
		return ""
	}
	slices.Sort(ids)
	quoted := make([]string, 0, maxMeant)
	for _, id := range first(ids) {
		quoted = append(quoted, strconv.Quote(id))
	}
	return "; did you mean " + strings.Join(quoted, " or ") + "?"
}

// first returns the first of some texts, as many as an error offers.
func first(texts []string) []string { return texts[:min(len(texts), maxMeant)] }
