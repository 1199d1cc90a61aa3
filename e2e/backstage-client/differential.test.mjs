// Backstage's own code and Callboard, asked about the same thousands of descriptors and refs: both
// accept or both refuse, but for what differences.mjs lists.
import assert from "node:assert/strict";
import { Agent, createServer, request } from "node:http";
import { after, before, describe, test } from "node:test";
import { parse } from "yaml";
import { ofDescriptors, ofRefs } from "./differences.mjs";
import { descriptors, refs, refsTo } from "./generate.mjs";
import { canonical, objection } from "./judge.mjs";
import { seed } from "./random.mjs";
import { client, everything, loaded, ref as refOf } from "./server.mjs";

const api = `${process.env.CALLBOARD_URL}/api/catalog`;
const location = "url:https://descriptors.example.invalid/catalog-info.yaml";

const width = 16;
const agent = new Agent({ keepAlive: true, maxSockets: width });

/** Posts JSON. fetch costs more than all that is asked here. */
function post(path, body) {
  return new Promise((resolve, reject) => {
    const sent = request(api + path, { method: "POST", agent, headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) } }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode, text }));
      response.on("error", reject);
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** Runs ask for each item, some at a time. */
async function forEach(items, ask) {
  let next = 0;
  const worker = async () => {
    while (next < items.length) await ask(items[next++]);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

/** Fails with the first few of a list that should be empty. */
function none(found, show) {
  const few = found.slice(0, 10).map(show);
  assert.equal(found.length, 0, `${found.length} differences with seed ${seed}, among them\n${few.join("\n")}`);
}

/** Says why Callboard refuses a descriptor; undefined when it accepts it. */
async function refusal(text) {
  // The text goes as it is: JSON.stringify would make another of it.
  const response = await post("/validate-entity", `{"location":"${location}","entity":${text}}`);
  if (response.status === 200) return undefined;
  assert.equal(response.status, 400, `${response.status} ${response.text} for ${text}`);
  const { errors, error } = JSON.parse(response.text);
  const reasons = errors ?? [error]; // of the descriptor, or of the request
  assert.ok(reasons.length > 0 && reasons.every(({ name, message }) => name && message), `no reason is given for ${text}`);
  // Which kinds a location may bring is the configuration's to say; whether they are valid is not.
  return reasons.find(({ name }) => name !== "NotAllowedError")?.message;
}

/** Says what entity Callboard takes a ref for; undefined when it takes it for none. */
async function meant(ref) {
  const response = await post("/refresh", JSON.stringify({ entityRef: ref }));
  if (response.status === 400) return undefined;
  const { error } = JSON.parse(response.text);
  assert.equal(response.status, 404, `${ref}: ${error.message}`);
  const [, name, kind, namespace] = error.message.match(/^No entity named '(.*)' found, with kind '(.*?)' in namespace '(.*)'$/s);
  return `${kind}:${namespace}/${name}`;
}

before(loaded);

describe(`descriptors, seed ${seed}`, () => {
  const cases = [...descriptors(5000, seed)];
  const listed = new Map(ofDescriptors.map((difference) => [difference, 0]));

  test("are accepted by both or by neither", async () => {
    const others = [];
    await forEach(cases, async (c) => {
      c.entity = JSON.parse(c.text);
      c.objection = await objection(JSON.parse(c.text));
      c.refusal = await refusal(c.text);
      if ((c.objection === undefined) === (c.refusal === undefined)) return;
      const accepted = c.objection === undefined ? "by Backstage" : "by Callboard";
      const difference = ofDescriptors.find((d) => d.accepted === accepted && d.where(c));
      if (difference) listed.set(difference, listed.get(difference) + 1);
      else others.push(c);
    });
    none(others, (c) => `${c.form}, ${c.changed.join(", ")}\n  Backstage: ${c.objection ?? "accepts it"}\n  Callboard: ${c.refusal ?? "accepts it"}\n  ${c.text}`);
  });

  test("are a sample that says something: of each form, many are accepted and many refused", () => {
    for (const [form, all] of grouped(cases)) {
      const refused = all.filter((c) => c.objection !== undefined).length;
      assert.ok(refused > all.length / 8 && refused < (all.length * 7) / 8, `${form}: ${refused} of ${all.length} are refused`);
    }
  });

  for (const difference of ofDescriptors) {
    test(`differ still: ${difference.name}`, () => assert.ok(listed.get(difference) > 0, "it does not occur: take it off the list"));
  }
});

describe(`refs, seed ${seed}`, () => {
  const listed = new Map(ofRefs.map((difference) => [difference, 0]));
  const explained = (ref, ours) => {
    const difference = ofRefs.find((d) => d.where(ref, ours));
    if (difference) listed.set(difference, listed.get(difference) + 1);
    return difference !== undefined;
  };

  test("are read alike, or refused by both", async () => {
    const others = [];
    await forEach(refs(5000, seed), async (ref) => {
      const [theirs, ours] = [canonical(ref), await meant(ref)];
      if (ours !== theirs && !explained(ref, ours)) others.push({ ref, theirs, ours });
    });
    none(others, (other) => JSON.stringify(other));
  });

  test("lead to the entities that Backstage means by them", async () => {
    const known = (await everything()).map(refOf);
    const all = refsTo(known, 2000, seed);
    const others = [];
    let found = 0;
    for (let i = 0; i < all.length; i += 250) {
      const some = all.slice(i, i + 250);
      const { items } = await client.getEntitiesByRefs({ entityRefs: some, fields: ["kind", "metadata.namespace", "metadata.name"] });
      for (const [at, ref] of some.entries()) {
        const theirs = known.find((one) => one === canonical(ref));
        const ours = items[at] && refOf(items[at]);
        if (ours) found++;
        if (ours !== theirs) others.push({ ref, theirs, ours });
      }
    }
    // A letter outside ASCII that folds into ASCII leads nowhere here.
    none(others.filter(({ ref, ours }) => ours !== undefined || !/[^\0-\x7f]/.test(ref)), (other) => JSON.stringify(other));
    assert.ok(found > all.length / 8 && found < (all.length * 7) / 8, `${found} of ${all.length} were found`);
  });

  for (const difference of ofRefs) {
    test(`differ still: ${difference.name}`, () => assert.ok(listed.get(difference) > 0, "it does not occur: take it off the list"));
  }
});

// A few texts of YAML itself, with what its versions and libraries disagree about.
describe("YAML", () => {
  const texts = {
    "line ends of YAML 1.1 in a plain text": "description: a\u2028b\u2029c\u0085d",
    "line ends of YAML 1.1 in quotes": "description: \"a \u2028 b\"",
    "line ends of YAML 1.1 in a block": "description: |\n    a\u2028b\n    c",
    "line ends of YAML 1.1 in a folded block": "description: >\n    a\u2029b\n    c",
    "line ends of YAML 1.1 in a key of an object": "annotations: { note: 'a\u2028b' }",
    "line ends of YAML 1.1 in a comment": "description: a # b\u2028c",
    "keys of two letters that fold alike": "s: 1\n  \u017f: 2",
    "words that YAML 1.1 takes for booleans": "description: yes",
  };
  for (const [name, metadata] of Object.entries(texts)) {
    test(`is read alike: ${name}`, async () => {
      const text = `apiVersion: backstage.io/v1alpha1\nkind: Domain\nmetadata:\n  name: yaml\n  ${metadata}\nspec:\n  owner: ledger\n`;
      const theirs = parse(text);
      served = text;
      const { entities } = await client.addLocation({ type: "url", target: `http://${process.env.CALLBOARD_TEST_DESCRIPTORS}/catalog-info.yaml`, dryRun: true });
      const ours = entities.find(({ kind }) => kind === "Domain");
      for (const [key, value] of Object.entries(theirs.metadata)) {
        if (key !== "annotations") assert.deepEqual(ours.metadata[key], value, key);
      }
      for (const [key, value] of Object.entries(theirs.metadata.annotations ?? {})) assert.equal(ours.metadata.annotations[key], value, key);
    });
  }

  let served = "";
  let server;
  before(async () => {
    server = createServer((_, response) => response.end(served));
    const [host, port] = process.env.CALLBOARD_TEST_DESCRIPTORS.split(":");
    await new Promise((resolve) => server.listen(Number(port), host, resolve));
  });
  after(() => server.close());
});

function grouped(cases) {
  const groups = new Map();
  for (const c of cases) groups.set(c.form, [...(groups.get(c.form) ?? []), c]);
  return groups;
}
