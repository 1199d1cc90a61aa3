/**
 * Rows as CSV per RFC 4180. A cell that a spreadsheet would run as a formula gets an apostrophe in front,
 * since names and descriptions come from anybody's repository.
 */
export function toCsv(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return csvRows([header, ...rows]);
}

/** Some lines of such a file, for one that is written piece by piece. */
export function csvRows(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => row.map(cell).join(",") + "\r\n").join("");
}

function cell(text: string): string {
  const safe = /^[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Hands text to the browser as a file. */
export function downloadText(filename: string, mediaType: string, text: string | readonly string[]): void {
  const url = URL.createObjectURL(new Blob(typeof text === "string" ? [text] : [...text], { type: mediaType }));
  const link = document.createElement("a");
  link.href = url;
  link.download = filename;
  link.click();
  URL.revokeObjectURL(url);
}
