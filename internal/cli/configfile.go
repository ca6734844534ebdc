package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"
	"gopkg.in/yaml.v3"

	"github.com/conductorone/baton-descope/internal/bounded"
	"github.com/conductorone/baton-descope/internal/spelling"
)

const (
	configPathVariable = "BATON_CONFIG_PATH"
	usualConfigFile    = ".baton.yaml"
)

// nullTag is the YAML tag of no value.
const nullTag = "!!null"

// findConfigFile returns the configuration file that the SDK will read, "" for none;
// named is the value of BATON_CONFIG_PATH. It refuses files that the SDK would silently
// ignore, or block on.
func findConfigFile(named string) (string, error) {
	path := usualConfigFile
	if named != "" {
		dir, file := filepath.Split(filepath.Clean(named))
		path = filepath.Join(os.ExpandEnv(dir), file) // As the SDK does.
		switch extension := filepath.Ext(path); {
		case extension != ".yaml" && extension != ".yml":
			return "", fmt.Errorf("%s: %s has to end in .yaml or .yml", configPathVariable, path)
		case filepath.IsAbs(path) && filepath.Dir(path) == filepath.Dir(filepath.Dir(path)):
			return "", fmt.Errorf("%s: %s is in the root folder, where no configuration file is read: put it into another", configPathVariable, path)
		}
	}
	if first := firstWithNameOf(path); first != "" && first != path {
		if _, err := os.Lstat(path); err == nil || named != "" {
			return "", fmt.Errorf("%s would be read in place of %s: remove or rename one", first, path)
		}
		path = first
	}
	if _, err := os.Lstat(path); named == "" && errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	info, err := os.Stat(path)
	switch {
	case err != nil && named != "":
		return "", fmt.Errorf("%s: %w", configPathVariable, err)
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("the configuration file %s is not a regular file", path)
	case info.Size() > bounded.Text:
		return "", fmt.Errorf("the configuration file %s has more than %d bytes", path, bounded.Text)
	}
	return path, nil
}

// firstWithNameOf returns the file that the SDK's library prefers among those that
// differ from a path in the extension only, or "".
func firstWithNameOf(path string) string {
	base := strings.TrimSuffix(path, filepath.Ext(path))
	for _, extension := range append(slices.Clone(viper.SupportedExts), "") {
		file := strings.TrimSuffix(base+"."+extension, ".")
		if info, err := os.Stat(file); err == nil && !info.IsDir() {
			return file
		}
	}
	return ""
}

// configFile is a configuration file as its author wrote it.
type configFile struct {
	path    string
	entries []configEntry
}

// configEntry is one setting in a configuration file.
type configEntry struct {
	key   string // in lower case, as the SDK reads it
	line  int
	value *yaml.Node // not an alias
}

// at returns an error with its line, without the text there: it may be a key.
func (f *configFile) at(line int, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %w", f.path, line, fmt.Errorf(format, args...))
}

// readConfigFile reads the file with this path, of any size that findConfigFile lets
// through; "" is a file without settings.
func readConfigFile(path string) (*configFile, error) {
	f := &configFile{path: path}
	if path == "" {
		return f, nil
	}
	src, err := bounded.ReadFile(path, bounded.Text)
	if err != nil {
		return nil, fmt.Errorf("the configuration file cannot be read: %w", err)
	}
	documents := yaml.NewDecoder(bytes.NewReader(src))
	var document, another yaml.Node
	switch err := documents.Decode(&document); {
	case errors.Is(err, io.EOF):
		return f, nil
	case err != nil:
		return nil, f.syntaxError(src, err)
	}
	switch err := documents.Decode(&another); {
	case err == nil:
		return nil, f.at(another.Line, "a second document begins, which is not read: remove the line with ---")
	case !errors.Is(err, io.EOF):
		return nil, f.syntaxError(src, err)
	}
	root := resolved(document.Content[0])
	switch {
	case root.Tag == nullTag:
		return f, nil
	case root.Kind != yaml.MappingNode:
		return nil, f.at(root.Line, `each line has to be "NAME: VALUE", as in "project-id: P2abc"`)
	}
	first := map[string]int{}
	for i := 0; i < len(root.Content); i += 2 {
		key := resolved(root.Content[i])
		e := configEntry{strings.ToLower(key.Value), root.Content[i].Line, resolved(root.Content[i+1])}
		if line, twice := first[e.key]; twice {
			return nil, f.at(e.line, "the setting %s is there already, in line %d", quotable(e.key), line)
		}
		first[e.key] = e.line
		f.entries = append(f.entries, e)
	}
	return f, nil
}

func resolved(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// nameOnly matches words that cannot be a key, since keys have digits.
var nameOnly = regexp.MustCompile(`^[A-Za-z_-]{1,60}$`)

// quotable quotes a word, or hides it if it may be a misplaced key.
func quotable(word string) string {
	if utf8.RuneCountInString(word) > 20 && !nameOnly.MatchString(word) {
		return `"…"`
	}
	return strconv.Quote(word)
}

var (
	yamlError     = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)
	unknownAnchor = regexp.MustCompile(`^unknown anchor '(.*)' referenced$`)
)

// syntaxError is an error of the YAML library with its line, which that leaves out
// for the first line, for characters that are not allowed and for aliases.
func (f *configFile) syntaxError(src []byte, err error) error {
	parts := yamlError.FindStringSubmatch(err.Error())
	if parts == nil {
		return fmt.Errorf("%s: %w", f.path, err)
	}
	what, place := parts[2], 0
	if line, err := strconv.Atoi(parts[1]); err == nil {
		return f.at(line, "%s", what)
	}
	if name := unknownAnchor.FindStringSubmatch(what); name != nil {
		what, place = "a value that starts with * has to be in quotes", bytes.Index(src, []byte("*"+name[1]))
	} else {
		place = bytes.IndexFunc(src, func(c rune) bool { return c == utf8.RuneError || unicode.IsControl(c) && !unicode.IsSpace(c) })
	}
	return f.at(1+bytes.Count(src[:max(place, 0)], []byte("\n")), "%s", what)
}

// check finds unknown settings and values of the wrong type.
func (f *configFile) check(flags map[string]*pflag.Flag) error {
	for _, e := range f.entries {
		flag := flags[e.key]
		if flag == nil {
			word := strings.ReplaceAll(strings.TrimPrefix(e.key, "baton_"), "_", "-")
			return f.at(e.line, "there is no setting %s%s", quotable(e.key), spelling.DidYouMean(word, sortedNames(flags)))
		}
		texts, err := textsOf(e.value, flag.Value.Type())
		if err != nil {
			return f.at(e.value.Line, "%s %w", e.key, err)
		}
		for _, text := range texts {
			if err := checkValue(flag, text); err != nil {
				return f.at(e.value.Line, "%s: %w", e.key, err)
			}
		}
	}
	return nil
}

func sortedNames(flags map[string]*pflag.Flag) []string {
	names := make([]string, 0, len(flags))
	for name := range flags {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// textsOf returns the values for a flag of a type: one, except for a list.
func textsOf(n *yaml.Node, kind string) ([]string, error) {
	switch {
	case n.Tag == nullTag:
		return nil, errors.New("has no value: give it one, or remove the line")
	case n.Kind == yaml.MappingNode:
		return nil, errors.New("takes one value, and not names and values")
	case n.Kind == yaml.SequenceNode && kind != sliceType:
		return nil, errors.New("takes one value, and not a list")
	case n.Kind == yaml.ScalarNode:
		return oneText(n, kind)
	}
	var texts []string
	for _, element := range n.Content {
		element = resolved(element)
		if element.Kind != yaml.ScalarNode || element.Tag == nullTag {
			return nil, errors.New("takes a list of texts")
		}
		text, err := oneText(element, stringType)
		if err != nil {
			return nil, err
		}
		texts = append(texts, strconv.Quote(text[0])) // As an element with its commas.
	}
	return texts, nil
}

// oneText returns the text of a value, if that is what the SDK reads: 0123, 1e3 and
// 2024-01-01 are not texts in YAML.
func oneText(n *yaml.Node, kind string) ([]string, error) {
	var value any
	if err := n.Decode(&value); err != nil {
		return nil, errors.New("has a value with a tag that does not fit")
	}
	text := fmt.Sprint(value)
	if text != n.Value && (kind == stringType || kind == sliceType) {
		return nil, errors.New("has a value that is read as a number or a time: put it in quotes")
	}
	return []string{text}, nil
}
