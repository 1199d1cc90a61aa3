import { describe, expect, it } from "vitest";
import { merged } from "./merge";

const points = (values: number[]) => values.map((value, index) => ({ at: `t${index}`, value }));

describe("points of a chart", () => {
  it("stay as they are while there is room", () => expect(merged(points([1, 2]), 2, "sum")).toEqual({ points: points([1, 2]), width: 1 }));
  it("add up what happened", () => expect(merged(points([1, 2, 3, 4, 5]), 3, "sum")).toEqual({ points: [{ at: "t0", value: 3 }, { at: "t2", value: 7 }, { at: "t4", value: 5 }], width: 2 }));
  it("keep the most of what is held", () => expect(merged(points([1, 2, 3, 1]), 2, "most").points.map((point) => point.value)).toEqual([2, 3]));
  it("may be none", () => expect(merged([], 60, "sum")).toEqual({ points: [], width: 1 }));
});
