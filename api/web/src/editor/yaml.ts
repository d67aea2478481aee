// The part of YAML that countermeasure files use: mappings, lists, plain and quoted text, numbers, comments. Pure.

type Value = string | number | boolean | null | Value[] | { [name: string]: Value };

interface Line {
  indent: number;
  text: string;
  number: number;
}

/** Writes plain data as YAML. */
export function toYaml(data: object): string {
  return lines(data as Value, 0).join("\n") + "\n";
}

function lines(value: Value, depth: number): string[] {
  const pad = "  ".repeat(depth);
  if (Array.isArray(value)) {
    return value.flatMap((entry) => {
      const [first, ...rest] = lines(entry, depth + 1);
      return [`${pad}- ${first!.trimStart()}`, ...rest];
    });
  }
  if (value === null || typeof value !== "object") return [`${pad}${scalar(value)}`];
  return Object.entries(value).flatMap(([name, entry]) => {
    if (Array.isArray(entry) && entry.every((one) => one === null || typeof one !== "object")) {
      return [`${pad}${name}: [${entry.map(scalar).join(", ")}]`];
    }
    if (entry !== null && typeof entry === "object") return [`${pad}${name}:`, ...lines(entry, depth + 1)];
    return [`${pad}${name}: ${scalar(entry)}`];
  });
}

function scalar(value: Value): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

/** Reads YAML of this kind; throws with the number of the line it cannot read. */
export function parseYaml(text: string): unknown {
  const rows: Line[] = text.split(/\r?\n/).flatMap((raw, row) => {
    const kept = withoutComment(raw).trimEnd();
    if (!kept.trim() || kept.trim() === "---") return [];
    if (kept.includes("\t")) throw new Error(`line ${row + 1}: tabs cannot indent`);
    return [{ indent: kept.length - kept.trimStart().length, text: kept.trim(), number: row + 1 }];
  });
  const [value, rest] = block(rows, 0);
  if (rest < rows.length) throw new Error(`line ${rows[rest]!.number}: does not fit the indentation`);
  return value;
}

function withoutComment(raw: string): string {
  let quote = "";
  for (let at = 0; at < raw.length; at++) {
    const sign = raw[at]!;
    if (quote) {
      if (sign === "\\" && quote === '"') at++;
      else if (sign === quote) quote = "";
    } else if ((sign === '"' || sign === "'") && /(^|[\s[,:-])$/.test(raw.slice(0, at))) quote = sign;
    else if (sign === "#" && (at === 0 || /\s/.test(raw[at - 1]!))) return raw.slice(0, at);
  }
  return raw;
}

function block(rows: Line[], at: number): [Value, number] {
  const first = rows[at];
  if (!first) return [null, at];
  return /^-(\s|$)/.test(first.text) ? list(rows, at, first.indent) : mapping(rows, at, first.indent);
}

function list(rows: Line[], at: number, indent: number): [Value, number] {
  const found: Value[] = [];
  while (rows[at]?.indent === indent && /^-(\s|$)/.test(rows[at]!.text)) {
    const row = rows[at]!;
    const text = row.text.slice(1).trimStart();
    if (!text) {
      const [value, next] = block(rows, at + 1);
      found.push(value);
      at = next;
    } else if (NAMED.test(text)) {
      // the rest of the line begins a mapping that stands deeper by the dash and its blanks
      rows[at] = { ...row, indent: indent + row.text.length - text.length, text };
      const [value, next] = mapping(rows, at, rows[at]!.indent);
      found.push(value);
      at = next;
    } else {
      found.push(plain(text, row.number));
      at++;
    }
  }
  return [found, at];
}

const NAMED = /^([A-Za-z_][\w-]*):(?:\s+(.*))?$/;

function mapping(rows: Line[], at: number, indent: number): [Value, number] {
  const found: { [name: string]: Value } = {};
  while (rows[at]?.indent === indent) {
    const row = rows[at]!;
    const named = NAMED.exec(row.text);
    if (!named) throw new Error(`line ${row.number}: expected name: value`);
    const [name, text] = [named[1]!, named[2]];
    const next = rows[at + 1];
    const deeper = next && (next.indent > indent || (next.indent === indent && /^-(\s|$)/.test(next.text)));
    if (text) {
      found[name] = plain(text, row.number);
      at++;
    } else if (deeper) [found[name], at] = block(rows, at + 1);
    else {
      found[name] = null;
      at++;
    }
  }
  return [found, at];
}

function plain(text: string, number: number): Value {
  if (/^[[{|>&*!]/.test(text) && !(text.startsWith("[") && text.endsWith("]")))
    throw new Error(`line ${number}: not supported here`);
  if (text.startsWith("[")) {
    const inner = text.slice(1, -1).trim();
    return inner
      ? (inner.match(/"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^,]+/g) ?? []).map((one) => plain(one.trim(), number))
      : [];
  }
  if (text.startsWith('"')) {
    try {
      return JSON.parse(text) as string;
    } catch {
      throw new Error(`line ${number}: text in quotes does not end`);
    }
  }
  if (text.startsWith("'")) return text.slice(1, -1).replaceAll("''", "'");
  if (/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text)) return Number(text);
  return { true: true, false: false, null: null, "~": null }[text] ?? (text === "null" || text === "~" ? null : text);
}
