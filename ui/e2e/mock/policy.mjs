// A policy whose newest version was refused, and what it says.

export const policy = {
  revision: "04d014b860b40c43",
  since: "2026-03-02T08:00:00Z",
  modules: ["authz.rego", "policy/secret.rego"],
  roles: [
    { name: "admin", title: "Administrator", description: "May do everything.", permissions: ["*"], owned: [], members: ["group:default/platform"], everybody: false, guests: true },
    { name: "developer", title: "Developer", description: "Takes care of what their teams own.", permissions: ["action:read", "catalog.location.create"], owned: ["catalog.entity.refresh"], members: [], everybody: false, guests: false },
  ],
  refused: { at: "2026-03-02T09:00:00Z", why: "policy: policy/secret.rego:12: rego_parse_error: unexpected eof token" },
};

export const answer = (user, permission) => ({
  allow: true,
  rules: [],
  condition: '(some x0 in resource.owners: x0 in ["user:default/ann", "group:default/ledger"])',
  input: { principal: { kind: "user", ref: user, ownership: [user] }, permission: { name: permission, action: "update" } },
  revision: policy.revision,
});
