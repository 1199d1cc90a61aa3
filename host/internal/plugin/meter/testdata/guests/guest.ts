// A guest in AssemblyScript: classes, maps, strings, its collector.
class Node {
  left: Node | null = null;
  right: Node | null = null;
  constructor(public key: u32, public value: string) {}

  insert(key: u32, value: string): void {
    if (key < this.key) {
      const left = this.left;
      if (left) left.insert(key, value);
      else this.left = new Node(key, value);
    } else {
      const right = this.right;
      if (right) right.insert(key, value);
      else this.right = new Node(key, value);
    }
  }

  sum(): u64 {
    let h: u64 = this.key;
    for (let i = 0; i < this.value.length; i++) h = h * 33 + this.value.charCodeAt(i);
    const left = this.left;
    if (left) h ^= left.sum() * 3;
    const right = this.right;
    if (right) h ^= right.sum() * 5;
    return h;
  }
}

function next(x: u32): u32 {
  x ^= x << 13;
  x ^= x >> 17;
  return x ^ (x << 5);
}

export function tree(n: u32): u64 {
  let x: u32 = 2463534242;
  const root = new Node(x, "root");
  for (let i: u32 = 0; i < n % 2000; i++) {
    x = next(x);
    root.insert(x, i.toString() + "é€");
  }
  return root.sum();
}

export function maps(n: u32): u64 {
  const map = new Map<string, u32>();
  let x: u32 = 7;
  for (let i: u32 = 0; i < n % 3000; i++) {
    x = next(x);
    const key = (x % 257).toString();
    map.set(key, (map.has(key) ? map.get(key) : 0) + 1);
  }
  let h: u64 = map.size;
  const keys = map.keys();
  for (let i = 0; i < keys.length; i++) h = h * 31 + map.get(keys[i]);
  return h;
}

export function numbers(n: u32): u64 {
  const values = new Array<f64>();
  for (let i: u32 = 0; i < n % 2000; i++) values.push(Math.sin(i as f64) * Math.pow(1.001, i as f64));
  values.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  let sum: f64 = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] * i;
  return reinterpret<u64>(sum);
}

export function bytes(n: u32): u64 {
  const a = new Uint8Array(n);
  a.fill(42);
  for (let i = 0; i < a.length; i += 97) a[i] = i as u8;
  const b = a.slice(a.length / 3);
  let h: u64 = b.length;
  for (let i = 0; i < b.length; i += 13) h = h * 257 + b[i];
  return h;
}

function strike(n: u32): u32 {
  const values = new StaticArray<u32>(3);
  return values[n + 3];
}

export function failInAssemblyScript(n: u32): u64 {
  return strike(n);
}
