// Strings at the edges of what the formats of an entity allow, and over them.

// Each has been read as something else by some parser: YAML indicators, line ends that only one of
// two languages knows, letters that fold to ASCII, halves of characters.
const characters = [
  ..."-_.:/+#@!*&%$?=|~^`'\"\\<>()[]{},; \t\n\r",
  ..."aZ09",
  ..."\u0000\u001f\u007f\u0080\u0085\u00a0\u00ad\u200b\u2028\u2029\u3000\ufeff\ufffd",
  ..."äßéİıſ\u212aаΩ中",
  "\u{1f600}",
  "\ud800",
  "e\u0301",
];

const repeated = (length) => "abcdefghi0".repeat(Math.ceil(length / 10)).slice(0, length);

/** Lengths around every limit there is: names 63, DNS names 253. */
const lengths = [0, 1, 2, 62, 63, 64, 252, 253, 254, 1100];

const oddities = [
  ...["", " ", "\t", "\n", "\u00a0", "\u2028", "\ufeff", "\u0085", "null", "~", "true", "no", "0", "-1", "1e3", "0x1F", ".nan", "2020-01-01"],
  ...["---", "...", "<<", "*a", "&a b", "!!str a", "%YAML 1.2", "a: b", "# a", "[", "{}", "${{ a }}", "\\", '"', "'", "\\/"],
  ...["__proto__", "constructor", "toString", "hasOwnProperty", "length"],
  ...["a\nb", "a\n", "\na", "a\u2028b", "a\u0085b", "a\ud800", "\udc00a", "\u{1f600}", "A-b_C.d", "-a", "a-", "_a", "a_", ".a", "a.", "a--b", "a..b", "a.-b", "c++", "c#", "a:b", ":", "+", "#", "a---b"],
];

/** A string to try anywhere. */
export function anyString(r) {
  if (r.odds(0.5)) return r.pick(oddities);
  if (r.odds(0.4)) return repeated(r.pick(lengths));
  return bend(r, repeated(1 + r.below(12)));
}

/** The string with one place changed. */
export function bend(r, text) {
  const at = r.pick([0, r.below(text.length + 1), text.length]);
  switch (r.below(7)) {
    case 0:
      return text.slice(0, at) + text.slice(at + 1);
    case 1:
      return text.toUpperCase();
    case 2:
      return text.slice(0, at) + r.pick(characters) + text.slice(at + 1);
    default:
      return text.slice(0, at) + r.pick(characters) + text.slice(at);
  }
}

/** A name as metadata.name has, or nearly. */
export function nearlyName(r) {
  if (r.odds(0.3)) return anyString(r);
  if (r.odds(0.3)) return repeated(r.pick([1, 2, 62, 63, 64]));
  const name = r.pick(["ledger-core", "Ledger_Core.v2", "a", "0", "X9", "web-app", "a.b-c_d"]);
  return r.odds(0.4) ? name : bend(r, name);
}

const subdomains = [
  ...["backstage.io", "a", "a.b", "a--b.c", "0.1", "example.com.", ".example.com", "a..b", "-a.b", "a-.b", "Example.com", "a_b.c", "xn--a", "exämple.com", ""],
  `${repeated(63)}.a`,
  `${repeated(64)}.a`,
  Array(4).fill(repeated(62)).join(".") + ".", // 252 and a dot at the end
  Array(4).fill(repeated(62)).join(".") + "a", // 252
  [...Array(4).fill(repeated(62)), "a"].join("."), // 253
  [...Array(4).fill(repeated(62)), "ab"].join("."), // 254
];

/** A key of labels or annotations, or an apiVersion, or nearly. */
export function nearlyKey(r) {
  const name = nearlyName(r);
  switch (r.below(8)) {
    case 0:
      return name;
    case 1:
      return `${r.pick(subdomains)}/${r.pick(subdomains)}/${name}`;
    case 2:
      return r.pick(["/", "//", "a/", "/a", "a//b", "backstage.io/", "a/b/", "/a/b"]);
    case 3:
      return `${r.pick(subdomains)}/a`;
    case 4:
      return bend(r, "backstage.io/source-location");
    default:
      return `${r.pick(subdomains)}/${name}`;
  }
}

const urls = [
  ...["https://example.com", "http://example.com:8080/a?b#c", "mailto:a@example.com", "file:///a", "file:a", "file://C:/a", "data:,", "javascript:alert(1)", "urn:a:b", "a:", "a:b", "ssh://git@example.com/a.git"],
  ...["example.com", "/a", "//example.com", "?a", "#a", "https:", "https:/", "https://", "https:example.com", "https:///example.com", "https:\\\\example.com", "http://a b", "http://a%20b", "http://%", "http://a%b"],
  ...["http://user:pw@example.com", "http://@example.com", "http://@", "http://user@", "http://:80", "http://a:", "http://a:0", "http://a:65535", "http://a:65536", "http://a:080", "http://a:8a", "http://a:-1", "http://a:b@c:1"],
  ...["http://1.2.3.4", "http://1.2.3", "http://256.1.1.1", "http://1.2.3.256", "http://1.2.3.4.5", "http://0x7f.1", "http://0x", "http://08", "http://1.2.3.08", "http://4294967295", "http://4294967296", "http://1.2.3.4.", "http://a.1", "http://a.0x1", "http://a.1a", "http://1..2"],
  ...["http://[::1]", "http://[::1", "http://[::1]:80", "http://[1::2::3]", "http://[::1.2.3.4]", "http://[::1%25a]", "http://[a]", "http://[]", "http://::1", "http://[::1]a", "http://[1:2:3:4:5:6:7:8]", "http://[1:2:3:4:5:6:7:8:9]"],
  ...["http://münchen.example", "http://xn--mnchen-3ya.example", "http://xn--", "http://xn--a", "http://xn--zzzzzz", "http://a.xn--", "http://ex\u00adample.com", "http://\u00ad", "http://１.２.３.４", "http://a\u3002b", "http://\u2028", "http://a\u200db", "http://ß.example", "http://-a-", "http://a_b", "http://a..b", "http://.", "http://..", "http://a.", "http://ab--c.example"],
  ...["http://a<b", "http://a>b", "http://a^b", "http://a|b", "http://a`b", "http://a{b}", 'http://a"b', "http://a'b", "http://a*b", "http://a~b", "http://a!b", "http://a;b", "http://a,b", "http://a=b", "http://a&b", "http://a(b", "http://a$b", "http://a+b"],
  ...[" https://example.com ", "\thttps://example.com\n", "ht\ttps://exa\nmple.com", "1http://a", "h+t.p-s://a", "h_t://a", "ħttp://a", "HTTPS://EXAMPLE.COM", "://a", ":", ":a", "foo://", "foo:///", "foo://a b", "foo://a:99999", "foo://@", "foo://a@", "foo://:1", "foo://[::1]", "foo://[x]", "foo://%", "foo://ä", "foo:\\\\a b", "ws://a", "wss://", "ftp://a b", "blob:https://a", "about:blank", "file://a b", "file://host/a", "file:\\\\host", "file://1.2.3.999/", "file://localhost:80/", "file://[::1]/", "file://%43/"],
  `http://${repeated(63)}.example`,
  `http://${repeated(64)}.example`,
  `http://${Array(5).fill(repeated(60)).join(".")}`,
];

/** A URL, or nearly. */
export function nearlyURL(r) {
  if (r.odds(0.15)) return anyString(r);
  const url = r.pick(urls);
  return r.odds(0.5) ? url : bend(r, url);
}

const parts = {
  kind: ["component", "Component", "API", "user", "k", "K8s", "\u212aomponent", "", "a-b"],
  namespace: ["default", "Default", "infra", "NS", "a.b", "", "ns:x"],
  name: ["no-such", "No-Such", "a", "a.b_c", "", "x:y", "x/y", "äÖ", "İ", "a b"],
};
const between = ["", ":", "/", "::", "//", ":/", "/:", "\\", " : "];

/** An entity ref, or nearly. */
export function nearlyRef(r) {
  if (r.odds(0.1)) return anyString(r);
  const [kind, namespace, name] = [r.pick(parts.kind), r.pick(parts.namespace), r.pick(parts.name)];
  const ref = r.pick([
    () => `${kind}:${namespace}/${name}`,
    () => `${kind}:${namespace}/${name}`,
    () => `${kind}:${name}`,
    () => `${namespace}/${name}`,
    () => name,
    () => kind + r.pick(between) + namespace + r.pick(between) + name,
  ])();
  return r.odds(0.5) ? ref : bend(r, ref);
}
