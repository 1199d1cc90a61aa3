/** What a caller may want to tell apart. */
export type ApiErrorKind = "network" | "unauthenticated" | "denied" | "not_found" | "invalid" | "conflict" | "exhausted" | "unavailable" | "internal";

/** A mistake in one field of a request body, by JSON pointer. */
export interface FieldError {
  pointer?: string;
  detail: string;
}

/** Which permission was missing, and who can grant it. */
export interface Denial {
  permission: string;
  rule?: string;
  grantedBy?: string[];
}

const KINDS: Record<number, ApiErrorKind> = { 400: "invalid", 401: "unauthenticated", 403: "denied", 404: "not_found", 409: "conflict", 422: "invalid", 429: "exhausted", 503: "unavailable", 504: "unavailable" };

/** A request that failed, with what the server said about it. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly kind: ApiErrorKind;

  constructor(
    message: string,
    readonly status: number,
    readonly requestId: string | undefined,
    readonly fields: FieldError[] = [],
    readonly denial?: Denial,
  ) {
    super(message);
    this.kind = status === 0 ? "network" : (KINDS[status] ?? "internal");
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

/** Reads problem+json and the error body of Backstage alike; what is neither keeps the status as its message. */
export function errorFromResponse(status: number, requestId: string | undefined, body: unknown): ApiError {
  const fallback = `The server answered ${status}.`;
  if (!isObject(body)) return new ApiError(fallback, status, requestId);
  if (isObject(body.error)) return new ApiError(text(body.error.message) ?? fallback, status, requestId);
  const fields = Array.isArray(body.errors) ? body.errors.flatMap(fieldError) : [];
  const message = text(body.detail) ?? text(body.title) ?? fallback;
  return new ApiError(message, status, requestId ?? text(body.requestId), fields, denialOf(body.denial));
}

function fieldError(value: unknown): FieldError[] {
  if (!isObject(value)) return [];
  const detail = text(value.detail);
  const pointer = text(value.pointer);
  return detail === undefined ? [] : [{ detail, ...(pointer !== undefined && { pointer }) }];
}

function denialOf(value: unknown): Denial | undefined {
  if (!isObject(value)) return undefined;
  const permission = text(value.permission);
  if (permission === undefined) return undefined;
  const rule = text(value.rule);
  const grantedBy = Array.isArray(value.grantedBy) ? value.grantedBy.filter((ref): ref is string => typeof ref === "string") : [];
  return { permission, ...(rule !== undefined && { rule }), ...(grantedBy.length > 0 && { grantedBy }) };
}
