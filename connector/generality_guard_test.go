package connector_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	module  = "github.com/conductorone/baton-descope"
	product = "descope"
)

// TestRuntimeKnowsNoProduct reads the sources of the connector's runtime and of
// the mapping language. The product's name may stand in three places: the path
// of this module, the embedded mapping with its lock, and examples in package comments.
// Nothing imports what is generated for the product.
func TestRuntimeKnowsNoProduct(t *testing.T) {
	for _, root := range []string{".", filepath.Join("..", "mapping")} {
		err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
				checkSource(t, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func checkSource(t *testing.T, path string) {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	refuse := func(at token.Pos, what string) {
		if strings.Contains(strings.ToLower(what), product) {
			t.Errorf("%s: %s", files.Position(at), what)
		}
	}
	for _, spec := range file.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value)
		if strings.HasPrefix(imported, module+"/gen") {
			t.Errorf("%s imports %s", path, imported)
		}
		refuse(spec.Pos(), strings.TrimPrefix(imported, module))
	}
	var embedded []ast.Node // The declaration of the embedded mapping.
	for _, d := range file.Decls {
		if g, ok := d.(*ast.GenDecl); ok && embeds(g) {
			embedded = append(embedded, g)
		}
	}
	inside := func(n ast.Node) bool {
		return slices.ContainsFunc(embedded, func(e ast.Node) bool { return e.Pos() <= n.Pos() && n.End() <= e.End() })
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.Ident:
			if !inside(n) {
				refuse(n.Pos(), n.Name)
			}
		case *ast.BasicLit:
			refuse(n.Pos(), n.Value)
		}
		return true
	})
	for _, group := range file.Comments {
		isEmbed := slices.ContainsFunc(embedded, func(e ast.Node) bool { return e.(*ast.GenDecl).Doc == group })
		for _, comment := range group.List {
			isExample := group == file.Doc && strings.HasPrefix(comment.Text, "//\t")
			if !isEmbed && !isExample {
				refuse(comment.Pos(), comment.Text)
			}
		}
	}
}

// embeds reports whether a declaration is that of the embedded mapping or its lock.
func embeds(g *ast.GenDecl) bool {
	return g.Doc != nil && slices.ContainsFunc(g.Doc.List, func(c *ast.Comment) bool {
		return c.Text == "//go:embed "+product+".yaml" || c.Text == "//go:embed "+product+".lock.yaml"
	})
}
