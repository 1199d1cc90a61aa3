package entity_test

import (
	"strings"
	"testing"

	"github.com/callboard/callboard/sdk/entity"
)

// The cases and their answers are those of @backstage/catalog-model 1.10.
func TestFormatRules(t *testing.T) {
	long := strings.Repeat("x", 63)
	for _, tc := range []struct {
		rule   string
		check  func(string) error
		accept []string
		refuse []string
	}{
		{
			"apiVersion", entity.CheckAPIVersion,
			[]string{"v1", "backstage.io/v1alpha1", "1", "a--b.c/V1", long},
			[]string{"", "1.0", "a/b/c", "/v1", "a/", "Foo.com/v1", "-a/v1", "a..b/v1", "v1 ", long + "x"},
		},
		{
			"kind", entity.CheckKind,
			[]string{"Component", "API", "a", "a1", long},
			[]string{"", "1a", "My-Kind", "é", "Kind ", long + "x"},
		},
		{
			"name", entity.CheckName,
			[]string{"a", "A1", "team-a", "a..b", "a_-.b", "9", long},
			[]string{"", "-a", "a-", ".a", "a.", "invalid component", "a/b", "a:b", "日本", "a\n", long + "x"},
		},
		{
			"namespace", entity.CheckNamespace,
			[]string{"default", "a-b", "a--b", "9", long},
			[]string{"", "A", "a.b", "-a", "a-", "a_b", long + "x"},
		},
		{
			"label key", entity.CheckLabelKey,
			[]string{"tier", "example.org/tier", "a--b/C_d.e", strings.Repeat(strings.Repeat("y", 60)+".", 4) + "yyyyy/k"},
			[]string{"", "/k", "k/", "a/b/c", "A.b/k", "a../k", strings.Repeat(strings.Repeat("y", 62)+".", 4) + "yy/k"},
		},
		{
			"label value", entity.CheckLabelValue,
			[]string{"", "a", "go1.15.3"},
			[]string{" ", "a b", "-a", long + "x"},
		},
		{
			"annotation key", entity.CheckAnnotationKey,
			[]string{"github.com/project-slug", "docs"},
			[]string{"", "github.com/project/slug", "git hub/x"},
		},
		{
			"tag", entity.CheckTag,
			[]string{"go", "c++", "c#", "k8s:x", "a-b-c", "tier-1", ":", long},
			[]string{"", "Go", "go 1.15.3", "a--b", "-a", "a-", "a.b", "a_b", long + "x"},
		},
		{
			"link text", entity.CheckLinkText,
			[]string{"x", " x "},
			[]string{"", " ", "\t\n", "\ufeff"},
		},
		{
			"URL", entity.CheckURL,
			[]string{
				"https://example.com", " https://a ", "http:a", "http:///a", "mailto:x", "foo:a b", "foo://", "file:", "file://C:/x",
				"http://[::1]:80/", "http://1.2.3", "http://0x", "http://4294967295", "http://a:", "https://a:65535/", "ht\ntp://a", "http://a_b", "http://a..b", "javascript:alert(1)",
			},
			[]string{
				"", "a", "/a", "//a", "http://", "ht tp://a", "http://a b", "http://a%20b", "http://user@", "http://:80", "http://a:b", "https://a:65536",
				"http://256.1.1.1", "http://4294967296", "http://a.09", "http://[::1%25eth0]", "http://[::1", "foo://a b", "foo://:80", "http://a^b",
			},
		},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			for _, s := range tc.accept {
				if err := tc.check(s); err != nil {
					t.Errorf("%q is refused: %v", s, err)
				}
			}
			for _, s := range tc.refuse {
				if err := tc.check(s); err == nil {
					t.Errorf("%q is accepted", s)
				}
			}
		})
	}
}

func TestMessagesSayWhereAndWhatInstead(t *testing.T) {
	for _, tc := range []struct {
		name string
		err  error
		want string
	}{
		{"the character", entity.CheckName("invalid component"), `" " is not allowed at character 8 of "invalid component"; use letters, digits and any of -_. between them, at most 63 characters`},
		{"the part", entity.CheckLabelKey("Example.org/tier"), `in the part before the slash, "E" is not allowed at character 1 of "Example"`},
		{"a long value is cut", entity.CheckName(strings.Repeat("a", 200)), `is 200 characters long; at most 63`},
		{"a character is whole", entity.CheckName("caf\u00e9-bar"), "\"\u00e9\" is not allowed at character 4"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.err == nil || !strings.Contains(tc.err.Error(), tc.want) {
				t.Errorf("message %q does not hold %q", tc.err, tc.want)
			}
		})
	}
}

func FuzzCheckURL(f *testing.F) {
	for _, s := range []string{"https://a:80/b?c#d", "file://C:/x", "http://[::1]", "foo://", "http://0x7f.1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		plain, spaced := entity.CheckURL(s), entity.CheckURL(" "+s+"\n")
		if (plain == nil) != (spaced == nil) {
			t.Fatalf("white space around %q changes the answer: %v, %v", s, plain, spaced)
		}
	})
}
