// CSV as in RFC 4180, and the way to it from the link that holds it.

const QUOTE = 34, COMMA = 44, LINE_FEED = 10, CARRIAGE_RETURN = 13;

/** Calls `take` with the fields of each row of `text`. Fields may hold line breaks. */
function parseCsv(text, take) {
  const reader = new CsvReader(text);
  while (reader.at < text.length) take(reader.row());
}

/** Reads from `at` on. Millions of fields are read, so a field costs no more than its text. */
class CsvReader {
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  row() {
    const { text } = this;
    const fields = [];
    for (;;) {
      fields.push(text.charCodeAt(this.at) === QUOTE ? this.quoted() : this.plain());
      if (text.charCodeAt(this.at) !== COMMA) break;
      this.at += 1;
    }
    if (text.charCodeAt(this.at) === CARRIAGE_RETURN) this.at += 1;
    if (text.charCodeAt(this.at) === LINE_FEED) this.at += 1;
    return fields;
  }

  plain() {
    const { text, at: from } = this;
    let at = from;
    for (; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (code === COMMA || code === LINE_FEED || code === CARRIAGE_RETURN) break;
    }
    this.at = at;
    return text.slice(from, at);
  }

  quoted() {
    const { text } = this;
    let value = "";
    for (let start = this.at + 1; ;) {
      const quote = text.indexOf('"', start);
      this.at = quote < 0 ? text.length : quote + 1;
      value += text.slice(start, quote < 0 ? text.length : quote);
      if (quote < 0 || text.charCodeAt(quote + 1) !== QUOTE) return value;
      value += '"';
      start = quote + 2;
    }
  }
}

/** A field as it is written. */
function csvField(value) {
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

/** The text in a `data:…;base64,` address of a gzip file. */
async function unpack(address) {
  const binary = atob(address.slice(address.indexOf(",") + 1));
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at += 1) bytes[at] = binary.charCodeAt(at);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}
