import { describe, expect, it } from "vitest";
import { complete } from "./complete";

const values = (key: string) => ({ owner: ["ledger", "payouts", "user:ada"], tag: ["java", "two words"] })[key] ?? [];
const at = (marked: string) => complete(marked.replace("|", ""), marked.indexOf("|"), values).map((it) => `${it.source.slice(0, it.caret)}|${it.source.slice(it.caret)}`);

describe("complete", () => {
  it.each([
    ["ow|", ["owner:|"]],
    ["kind:api -ta|", ["kind:api -tag:|"]],
    ["owner:|", ["owner:ledger |", "owner:payouts |", "owner:user:ada |"]],
    ["owner:led|", ["owner:ledger |"]],
    ["owner:ledger,|", ["owner:ledger,payouts |", "owner:ledger,user:ada |"]],
    ["-owner:p| tag:x", ["-owner:payouts | tag:x"].map((text) => text.replace(" | ", " |"))],
    ["tag:two|", ['tag:"two words" |']],
    ["tag:java|", []],
    ["unknown:|", []],
    ["xyz|", []],
  ])("%s", (marked, want) => expect(at(marked)).toEqual(want));

  it("proposes every key in an empty query", () => expect(at("|")).toContain("kind:|"));
});
