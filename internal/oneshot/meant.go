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

// People often give a name, an e-mail address or a part of an id for the id. The file
// is searched for what they meant.

// maxSuggestions is the number of ids that an error offers.
const maxSuggestions = 3

// noEntitlement is the error of a missing entitlement, with the reason.
func (p *provisioning) noEntitlement(ctx context.Context, id, why string) error {
	meant, err := p.suggestEntitlement(ctx, id)
	if err != nil {
		return err
	}
	return status.Errorf(codes.NotFound, "%s has no entitlement %q%s%s", p.File, id, why, meant)
}

// suggestEntitlement returns the end of an error: the entitlements that a text names
// otherwise than by id, or the one with the nearest id.
func (p *provisioning) suggestEntitlement(ctx context.Context, given string) (string, error) {
	named := map[string]bool{} // Resources with that name.
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

// nearest returns the entitlement with the likeliest id for a misspelt one. If type and
// slug are right, only the id of the resource counts: the rest would make any two alike.
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

// suggestPrincipal returns the end of an error: whose name, login or e-mail address was
// given for an id; empty if nobody's.
func (p *provisioning) suggestPrincipal(ctx context.Context, typeID, given string) (string, error) {
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

// knownAs returns what a text is of a resource, other than its id; "" for nothing.
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

// noGrant is the error of a grant to revoke that is not in the file. It names the
// missing part.
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
		meant, err := p.suggestEntitlement(ctx, entitlement)
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
		meant, err := p.suggestPrincipal(ctx, principal.GetResourceType(), principal.GetResource())
		if err != nil {
			return err
		}
		return fail(fmt.Sprintf(": there is no %s with the id %q%s", principal.GetResourceType(), principal.GetResource(), meant))
	}
	return fail(fmt.Sprintf(": %s did not hold %s; sync into that file first if it was granted since", called(holder), readable(entitlement)))
}

// parts splits the id of a grant into the ids of entitlement and principal; nil for the
// id of an entitlement. An id may look like the end of another one: an entitlement in
// the file comes first.
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

// eachResource visits the resources of a type in the file, or of all types.
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

// typed returns an id prefixed by its type.
func typed(id *v2.ResourceId) string { return id.GetResourceType() + ":" + id.GetResource() }

// offer returns the end of an error that offers ids; empty for none.
func offer(ids []string) string {
	if ids == nil {
		return ""
	}
	slices.Sort(ids)
	quoted := make([]string, 0, maxSuggestions)
	for _, id := range first(ids) {
		quoted = append(quoted, strconv.Quote(id))
	}
	return "; did you mean " + strings.Join(quoted, " or ") + "?"
}

// first returns the first texts, as many as an error offers.
func first(texts []string) []string { return texts[:min(len(texts), maxSuggestions)] }
