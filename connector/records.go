package connector

import (
	"context"
	"fmt"

	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-descope/connector/transport"
	"github.com/conductorone/baton-descope/mapping"
)

// readPage reads the page of a list at a position, of at most size records; 0
// is the size in the mapping.
func (c *Connector) readPage(ctx context.Context, t *mapping.ResourceType, at mapping.Position, size int) (mapping.Page, error) {
	reply, err := c.call(ctx, t.List.Operation, true, t.List.Request(at, size))
	if err != nil {
		return mapping.Page{}, err
	}
	return t.List.Read(reply), nil
}

// wholeList is a list that comes in one reply.
type wholeList struct {
	ids     []mapping.ID // sorted, each once
	records []mapping.Record
	index   map[string]int // by the id's text
}

// find returns the record of an id.
func (l *wholeList) find(id mapping.ID) (mapping.Record, bool) {
	i, ok := l.index[id.String()]
	if !ok {
		return mapping.Record{}, false
	}
	return l.records[i], true
}

func (c *Connector) readWhole(ctx context.Context, t *mapping.ResourceType) (*wholeList, error) {
	page, err := c.readPage(ctx, t, mapping.Position{}, 0)
	if err != nil {
		return nil, err
	}
	list := &wholeList{index: make(map[string]int, len(page.Records))}
	for _, r := range page.Records {
		id, err := t.IDOf(r)
		if err != nil {
			return nil, lacksID(err)
		}
		if first, twice := list.index[id.String()]; twice {
			if !list.records[first].Equal(r) {
				return nil, errorf(codes.FailedPrecondition, "%s lists the %s %q twice, and not the same each time", t.List.Operation.Name, t.ID, id)
			}
			continue
		}
		list.index[id.String()] = len(list.ids)
		list.ids = append(list.ids, id)
		list.records = append(list.records, r)
	}
	return list, nil
}

// found is a resource's record, with its parent's where it has one.
type found struct {
	record, parent mapping.Record
}

// find returns the record of the resource with an id, in the lists of a sync or
// by a call of its own; false when there is none.
func (c *Connector) find(ctx context.Context, s *syncState, t *mapping.ResourceType, id mapping.ID) (found, bool, error) {
	var f found
	var err error
	switch {
	case t.Whole():
		var list *wholeList
		list, err = s.whole(ctx, c, t)
		if err != nil {
			return f, false, err
		}
		if f.record, err = c.listedOrShown(ctx, s, t, list, id); err != nil || !f.record.Given() {
			return f, false, err
		}
	case t.Get != nil:
		var ok bool
		if f.record, ok, err = c.get(ctx, t, id); err != nil || !ok {
			return f, false, err
		}
	default:
		return f, false, errorf(codes.Unimplemented, "a %s cannot be read by itself: the mapping has no get", t.ID)
	}
	f.parent, err = c.parentOf(ctx, s, t, id, f.record)
	return f, err == nil, err
}

// listedOrShown returns the record of a listed resource, or of the one that a
// resource which other records show is like; none when there is neither.
func (c *Connector) listedOrShown(ctx context.Context, s *syncState, t *mapping.ResourceType, list *wholeList, id mapping.ID) (mapping.Record, error) {
	if r, ok := list.find(id); ok {
		return r, nil
	}
	like := mapping.Record{}
	for _, also := range t.Also {
		if r, ok := list.find(also.Like(id)); ok {
			like = r
			break
		}
	}
	if !like.Given() || t.Parent == nil || !t.Parent.Whole() {
		return like, nil
	}
	parentID, err := t.ParentID(id, like)
	if err != nil || parentID == nil {
		return like, err
	}
	parents, err := s.whole(ctx, c, t.Parent)
	if err != nil {
		return mapping.Record{}, err
	}
	if _, ok := parents.find(parentID); !ok {
		return mapping.Record{}, nil
	}
	return like, nil
}

// get reads one record by its own operation.
func (c *Connector) get(ctx context.Context, t *mapping.ResourceType, id mapping.ID) (mapping.Record, bool, error) {
	request, err := t.Get.Request(id)
	if err != nil {
		return mapping.Record{}, false, errorf(codes.InvalidArgument, "%w", err)
	}
	reply, err := c.call(ctx, t.Get.Operation, true, request)
	switch {
	case transport.IsNotFound(err):
		return mapping.Record{}, false, nil
	case err != nil:
		return mapping.Record{}, false, err
	}
	record, ok := t.Get.Record(reply)
	if !ok {
		return mapping.Record{}, false, errorf(codes.Internal, "%s: the reply has no %s", t.Get.Operation.Name, t.ID)
	}
	own, err := t.IDOf(record)
	if err != nil {
		return mapping.Record{}, false, lacksID(err)
	}
	if own.String() != id.String() {
		return mapping.Record{}, false, errorf(codes.Internal, "%s: asked for the %s %q, the API answered with %q", t.Get.Operation.Name, t.ID, id, own)
	}
	return record, true, nil
}

// parentOf returns the record of a resource's parent, where its texts need it
// and the parent is listed.
func (c *Connector) parentOf(ctx context.Context, s *syncState, t *mapping.ResourceType, id mapping.ID, r mapping.Record) (mapping.Record, error) {
	if !t.NeedsParent {
		return mapping.Record{}, nil
	}
	parentID, err := t.ParentID(id, r)
	if err != nil {
		return mapping.Record{}, lacksID(err)
	}
	if parentID == nil {
		return mapping.Record{}, nil
	}
	list, err := s.whole(ctx, c, t.Parent)
	if err != nil {
		return mapping.Record{}, fmt.Errorf("the parent of %s %q: %w", t.ID, id, err)
	}
	parent, _ := list.find(parentID)
	return parent, nil
}
