import { act, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { LocationAnalysis } from "@/api/types";
import { renderPage, serve, type Handler } from "@/ui/test-page";
import { registerRoutes } from "./routes";

const url = "https://git.example.com/gauges/catalog-info.yaml";
const at = (origin: string) => ({ "backstage.io/managed-by-origin-location": `url:${origin}` });
const resource = (name: string, origin = url) => ({ apiVersion: "backstage.io/v1alpha1", kind: "Resource", metadata: { name, namespace: "default", annotations: at(origin) }, spec: { type: "database", owner: "streams" } });
const analysis = (names: string[], more: Partial<LocationAnalysis> = {}): LocationAnalysis => ({
  existingEntityFiles: names.map((name) => ({ location: { type: "url", target: url }, isRegistered: false, entity: resource(name) })),
  generateEntities: names.length > 0 ? [] : [{ entity: { apiVersion: "backstage.io/v1alpha1", kind: "Component", metadata: { name: "x" }, spec: { type: "other", lifecycle: "unknown" } }, fields: [] }],
  problems: [],
  ...more,
});
const problem = (line: number, message: string, warning = false) => ({ line, entityRef: "", name: "InputError", message, warning });

const ANALYZE = "POST /api/catalog/analyze-location";
const REGISTER = "POST /api/catalog/locations";
const REFS = "POST /api/catalog/entities/by-refs";
const SESSION = "GET /api/app/session";

const says = (body: unknown): Handler => () => ({ body });
/** The catalog holds these and nothing else. */
const holds = (...entities: ReturnType<typeof resource>[]): Handler => (body) => ({
  body: { items: (body as { entityRefs: string[] }).entityRefs.map((ref) => entities.find(({ metadata }) => ref === `resource:default/${metadata.name}`) ?? null) },
});
/** Not the owner's name, which travels the same way. */
const isLook = (body: unknown) => (body as { fields: string[] }).fields.includes("metadata.etag");
const open = (address = `/catalog/-/register?url=${encodeURIComponent(url)}`) => renderPage(registerRoutes, address);
const rows = async () => within(await screen.findByRole("region", { name: /^What it describes/ })).getAllByRole("listitem");
const field = () => screen.getByRole("textbox", { name: "Address of the descriptor" });
const look = () => userEvent.click(screen.getByRole("button", { name: "Look" }));
const registerButton = () => screen.findByRole("button", { name: /^Register \d/ });

afterEach(() => vi.useRealTimers());

describe("the address", () => {
  it.each([
    ["nothing", "", "Write the address of a descriptor."],
    ["a path", "catalog-info.yaml", "Write the whole address"],
    ["another scheme", "ftp://git.example.com/x", "Only addresses that begin with"],
  ])("refuses %s at the field, and asks nobody", async (_, text, want) => {
    const asked = serve({});
    await open("/catalog/-/register");
    if (text !== "") await userEvent.type(field(), text);
    await look();
    expect(await screen.findByText(new RegExp(want))).toBeTruthy();
    expect(document.activeElement).toBe(field());
    expect(asked).not.toHaveBeenCalled();
  });
  it("goes into the URL, so that the page can be passed on", async () => {
    const asked = serve({ [ANALYZE]: says(analysis(["archive"])), [REFS]: holds() });
    const router = await open("/catalog/-/register");
    await userEvent.type(field(), url);
    await look();
    expect(await rows()).toHaveLength(1);
    expect(router.state.location.search).toEqual({ url });
    expect(asked).toHaveBeenCalledWith("POST", "/api/catalog/analyze-location", { location: { type: "url", target: url } });
  });
  it("of Backstage's import page leads here", async () => {
    const router = await open("/catalog-import");
    expect(router.state.location.pathname).toBe("/catalog/-/register");
  });
});

describe("what is found", () => {
  it("is new, there already, or kept by another location", async () => {
    serve({ [ANALYZE]: says(analysis(["archive", "cache", "index"])), [REFS]: holds(resource("cache"), resource("index", "https://git.example.com/other.yaml")) });
    await open();
    await screen.findByText("New");
    expect((await rows()).map((row) => row.textContent)).toEqual([expect.stringContaining("New"), expect.stringContaining("In the catalog already"), expect.stringContaining("Another location has it already")]);
  });
  it("shows what is left out with its line", async () => {
    serve({ [ANALYZE]: says(analysis(["archive"], { problems: [problem(4, `${url}:6: metadata.name: " " is not allowed`)] })), [REFS]: holds() });
    await open();
    expect((await screen.findByRole("region", { name: /^What is left out/ })).textContent).toContain('Line 6: metadata.name: " " is not allowed');
    expect(await registerButton()).toBeTruthy();
  });
  it("cannot be registered when nothing is an entity", async () => {
    serve({ [ANALYZE]: says(analysis([], { problems: [problem(1, "the document is a string")] })) });
    await open();
    await screen.findByRole("region", { name: /^What is left out/ });
    expect(screen.queryByRole("button", { name: /^Register/ })).toBeNull();
    expect(screen.queryByRole("figure")).toBeNull();
  });
  it("names what allows a host, and who can", async () => {
    serve({ [ANALYZE]: says(analysis([], { problems: [problem(0, "reading it is not allowed; name the host under backend.reading.allow or integrations", true)] })) });
    await open();
    const alert = await screen.findByRole("alert");
    expect(alert.textContent).toContain("backend.reading.allow");
    expect(alert.textContent).toContain("Whoever operates Callboard");
    expect(screen.queryByRole("figure")).toBeNull();
  });
  it("suggests a descriptor of one's own team where nothing is", async () => {
    serve({
      [ANALYZE]: says(analysis([], { problems: [problem(0, `${url} does not exist (404)`, true)] })),
      [SESSION]: says({ principal: { ref: "user:default/brook.millstone", displayName: "Brook Millstone", ownershipRefs: ["user:default/brook.millstone", "group:default/streams"] }, mode: "development" }),
    });
    await open();
    const figure = await screen.findByRole("figure", { name: "Suggested catalog-info.yaml" }, { timeout: 5000 });
    await within(figure).findByText(/owner: streams/);
    expect(figure.textContent).toContain("name: gauges");
  });
  it("says that an empty file is empty", async () => {
    serve({ [ANALYZE]: says(analysis([])) });
    await open();
    expect(await screen.findByText("Nothing is described there")).toBeTruthy();
  });
  it("names the request that failed, and can be looked at again", async () => {
    let broken = true;
    serve({ [ANALYZE]: () => (broken ? { status: 500, body: { error: { name: "Error", message: "internal error" } } } : { body: analysis(["archive"]) }), [REFS]: holds() });
    await open();
    const alert = await screen.findByRole("alert");
    expect(alert.textContent).toContain("internal error");
    expect(alert.textContent).toContain("r-1");
    broken = false;
    await userEvent.click(within(alert).getByRole("button", { name: "Try again" }));
    expect(await rows()).toHaveLength(1);
  });
  it("stays when it is not known what the catalog holds", async () => {
    serve({ [ANALYZE]: says(analysis(["archive"])), [REFS]: () => ({ status: 503, body: {} }) });
    await open();
    expect(await screen.findByText(/cannot be told right now/)).toBeTruthy();
    expect(await rows()).toHaveLength(1);
  });
});

describe("registering", () => {
  it("shows the entities as they arrive, and takes the focus along", async () => {
    let looks = 0;
    const asked = serve({
      [ANALYZE]: says(analysis(["archive", "cache"])),
      [REGISTER]: () => ({ status: 201, body: { location: { id: "1", type: "url", target: url }, entities: [] } }),
      [REFS]: (body) => (isLook(body) && looks++ < 3 ? holds() : holds(resource("archive"), resource("cache")))(body),
    });
    await open();
    await screen.findAllByText("New");
    await userEvent.click(await registerButton());
    await screen.findAllByText("On its way");
    const status = await screen.findByText("Its 2 entities are in the catalog.", {}, { timeout: 4000 });
    expect(status.closest("[role=status]")).toBe(document.activeElement);
    expect(asked).toHaveBeenCalledWith("POST", "/api/catalog/locations", { type: "url", target: url });
    const link = within(await screen.findByRole("region", { name: /^What it describes/ })).getByRole("link", { name: "archive" });
    expect(link.getAttribute("href")).toBe("/catalog/default/resource/archive");
    const all = new URL(screen.getByRole("link", { name: "Show them in the catalog" }).getAttribute("href") ?? "", "http://x").searchParams.get("q");
    expect(all).toBe(`metadata.annotations.backstage.io/managed-by-origin-location:url:${url}`);
  });
  it.each([
    ["the preview knows", { ...analysis(["archive"]), existingEntityFiles: [{ location: { type: "url", target: url }, isRegistered: true, entity: resource("archive") }] }],
    ["the server says at the end", analysis(["archive"])],
  ])("is done when it was registered before: %s", async (_, found) => {
    serve({ [ANALYZE]: says(found), [REGISTER]: () => ({ status: 409, body: { error: { name: "ConflictError", message: "it is registered" } } }), [REFS]: holds(resource("archive")) });
    await open();
    await screen.findByRole("link", { name: "archive" });
    const button = screen.queryByRole("button", { name: /^Register 1/ });
    if (button) await userEvent.click(button);
    expect(await screen.findByText("This location is registered already")).toBeTruthy();
    expect(screen.queryByRole("alert")).toBeNull();
    expect(screen.getByRole("link", { name: "archive" })).toBeTruthy();
  });
  it("that fails says that nothing was registered, and keeps what was found", async () => {
    serve({ [ANALYZE]: says(analysis(["archive"])), [REGISTER]: () => ({ status: 403, body: { error: { name: "NotAllowedError", message: "the catalog is read-only" } } }), [REFS]: holds() });
    await open();
    await userEvent.click(await registerButton());
    expect((await screen.findByRole("alert")).textContent).toContain("the catalog is read-only");
    expect(await rows()).toHaveLength(1);
    expect(await registerButton()).toBeTruthy();
  });
  it("stops asking after a while, and says what can be done", async () => {
    let looks = 0;
    serve({
      [ANALYZE]: says(analysis(["archive"], { existingEntityFiles: [{ location: { type: "url", target: url }, isRegistered: true, entity: resource("archive") }] })),
      [REFS]: (body) => {
        if (isLook(body)) looks++;
        return holds()(body);
      },
    });
    vi.useFakeTimers();
    await open();
    await act(() => vi.advanceTimersByTimeAsync(120_000));
    expect(screen.getByText(/takes longer than usual/)).toBeTruthy();
    const before = looks;
    await act(() => vi.advanceTimersByTimeAsync(60_000));
    expect(looks).toBe(before);
    expect(screen.getByRole("button", { name: "Check again" })).toBeTruthy();
  });
});
