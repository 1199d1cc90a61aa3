// Where Callboard differs from Backstage on purpose. What is not listed here is a bug of Callboard;
// what is listed and no longer occurs fails the test, and is to be taken out.
import * as model from "@backstage/catalog-model";

const objects = function* (value) {
  if (value === null || typeof value !== "object") return;
  yield value;
  for (const item of Object.values(value)) yield* objects(item);
};

const depth = (value) => 1 + (value === null || typeof value !== "object" ? 0 : Math.max(0, ...Object.values(value).map(depth)));

// isOfIDNA says that a URL is none for what is outside ASCII in it, and for nothing else.
const isOfIDNA = (url) => typeof url === "string" && !URL.canParse(url) && URL.canParse(url.replace(/xn--|%[89a-f][0-9a-f]|[^\0-\x7f]/gi, "y"));

/** Of descriptors. where is asked for those alone that only one of the two accepts. */
export const ofDescriptors = [
  {
    name: "keys of one object that vary only in casing are refused at once",
    reason: "Backstage refuses them later, when it makes what can be searched of an entity that it has accepted; the author learns it here.",
    accepted: "by Backstage",
    where: ({ entity, refusal }) =>
      / vary only in casing$/.test(refusal) && [...objects(entity)].some((object) => !Array.isArray(object) && new Set(Object.keys(object).map((key) => key.toLowerCase())).size < Object.keys(object).length),
  },
  {
    name: "nesting has a limit of 64 levels",
    reason: "A descriptor is bounded in every direction; no real one comes near.",
    accepted: "by Backstage",
    where: ({ entity, refusal }) => /nested/.test(refusal) && depth(entity) > 64,
  },
  {
    name: "an entity ref is a string, in dependencyOf too",
    reason: "The schema of Backstage forgets this field, so that {kind, name} passes there. Nothing documents it, and every other field refuses it.",
    accepted: "by Backstage",
    where: ({ entity, refusal }) => /an entity ref is a string/.test(refusal) && [entity.spec?.dependencyOf].flat().some((target) => target !== null && typeof target === "object"),
  },
  {
    name: "a host outside ASCII is not looked up in the tables of IDNA",
    reason: "They change with every Unicode version. A link to such a host leads nowhere, here and there.",
    accepted: "by Callboard",
    where: ({ entity, objection }) => /^"links\.\d+\.url" is not valid/.test(objection) && entity.metadata.links.some(({ url }) => isOfIDNA(url)),
  },
];

const lowerASCII = (text) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

// Says what a ref is without Unicode's folding; null when it is none.
function read(ref) {
  try {
    const { kind, namespace, name } = model.parseEntityRef(ref);
    return lowerASCII(`${kind}:${namespace}/${name}`);
  } catch {
    return null;
  }
}

/** Of refs. ours is what Callboard makes of one, and must be exactly what is said here. */
export const ofRefs = [
  {
    name: "letters outside ASCII keep their case",
    reason: "Kinds, namespaces and names are ASCII. With Unicode's folding a Kelvin sign would pass for a k, and one entity for another.",
    where: (ref, ours) => ref.isWellFormed() && /[^\0-\x7f]/.test(ref) && ours === read(ref),
  },
  {
    name: "half of a character becomes a replacement character",
    reason: "Texts are UTF-8 here, which has no such halves. No name can hold either.",
    where: (ref, ours) => !ref.isWellFormed() && ours === read(ref.toWellFormed()),
  },
];
