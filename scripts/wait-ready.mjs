// Waits until a URL answers 200: node scripts/wait-ready.mjs URL PID
// Gives up when the process has ended, or after a minute.
const [url, pid] = process.argv.slice(2);
const deadline = Date.now() + 60_000;
let last = "no answer";

while (Date.now() < deadline) {
  try {
    process.kill(Number(pid), 0);
  } catch {
    console.error(`wait-ready: process ${pid} has ended (${last})`);
    process.exit(1);
  }
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
    if (response.ok) process.exit(0);
    last = `status ${String(response.status)}`;
  } catch (error) {
    last = String(error.cause ?? error);
  }
  await new Promise((resolve) => setTimeout(resolve, 100));
}
console.error(`wait-ready: ${url} is not ready after a minute (${last})`);
process.exit(1);
