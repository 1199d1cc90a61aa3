import { ApiError, errorFromResponse } from "./error";

interface RequestOptions {
  /** Sent as JSON. */
  body?: unknown;
  signal?: AbortSignal | undefined;
  /** The revision that was seen: a thing that changed since is left alone. */
  ifMatch?: number | undefined;
}

/** The one way to the server: JSON in, JSON out, every failure an ApiError with its request id. */
async function request<T>(method: string, url: string, { body, signal, ifMatch }: RequestOptions): Promise<T> {
  const response = await send(url, {
    method,
    headers: {
      Accept: "application/json",
      ...(body !== undefined && { "Content-Type": "application/json" }),
      ...(ifMatch !== undefined && { "If-Match": `"${ifMatch}"` }),
    },
    credentials: "same-origin",
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
  });
  const requestId = response.headers.get("X-Request-Id") ?? undefined;
  if (response.ok && (response.status === 204 || response.headers.get("Content-Length") === "0")) return undefined as T;
  const answer = await readJson(response);
  if (!response.ok) throw errorFromResponse(response.status, requestId, answer);
  if (answer === undefined) throw new ApiError("The server answered with something that is not JSON.", response.status, requestId);
  return answer as T;
}

async function send(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (cause) {
    if (init.signal?.aborted) throw cause;
    throw new ApiError("The server cannot be reached.", 0, undefined);
  }
}

async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    return undefined;
  }
}

export function getJson<T>(url: string, signal?: AbortSignal): Promise<T> {
  return request<T>("GET", url, { signal });
}

export function postJson<T>(url: string, body: unknown, signal?: AbortSignal): Promise<T> {
  return request<T>("POST", url, { body, signal });
}

/** A POST, PUT or DELETE that counts only if the thing is still as it was seen. */
export function changeJson<T>(method: "POST" | "PUT" | "DELETE", url: string, body: unknown, ifMatch?: number): Promise<T> {
  return request<T>(method, url, { body, ifMatch });
}

/** Sends a module. fetch does not tell how much has arrived, so this goes another way with the same ends. */
export function postModule<T>(url: string, file: Blob, signal: AbortSignal, onProgress: (share: number) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest();
    sending.open("POST", url);
    sending.setRequestHeader("Accept", "application/json");
    sending.setRequestHeader("Content-Type", "application/wasm");
    sending.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 1);
    sending.onerror = () => reject(new ApiError("The server cannot be reached.", 0, undefined));
    sending.onabort = () => reject(new DOMException("The upload was cancelled.", "AbortError"));
    sending.onload = () => {
      const answer = parsed(sending.responseText);
      const requestId = sending.getResponseHeader("X-Request-Id") ?? undefined;
      if (sending.status >= 200 && sending.status < 300 && answer !== undefined) resolve(answer as T);
      else reject(errorFromResponse(sending.status, requestId, answer));
    };
    signal.addEventListener("abort", () => sending.abort(), { once: true });
    sending.send(file);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A GET whose non-2xx answers carry the same body, as readiness does with 503. */
export async function getJsonOfAnyStatus<T>(url: string, accepted: readonly number[], signal?: AbortSignal): Promise<T> {
  const response = await send(url, { headers: { Accept: "application/json" }, credentials: "same-origin", ...(signal && { signal }) });
  const answer = await readJson(response);
  if (answer === undefined || (!response.ok && !accepted.includes(response.status))) {
    throw errorFromResponse(response.status, response.headers.get("X-Request-Id") ?? undefined, answer);
  }
  return answer as T;
}
