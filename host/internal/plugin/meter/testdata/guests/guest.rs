// A guest in Rust: collections, traits, strings, 128 bits, panics.
use std::collections::{BTreeMap, BinaryHeap, VecDeque};

fn next(x: &mut u64) -> u64 {
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    *x
}

#[no_mangle]
pub extern "C" fn collections(n: u32) -> u64 {
    let (mut x, mut map, mut heap, mut queue) = (88172645463325252, BTreeMap::new(), BinaryHeap::new(), VecDeque::new());
    for _ in 0..n % 5000 {
        let v = next(&mut x);
        *map.entry(v % 512).or_insert(0u64) += v >> 32;
        heap.push(v);
        queue.push_back(v);
        if queue.len() > 100 {
            queue.pop_front();
        }
    }
    let mut h = map.iter().fold(7u64, |h, (k, v)| h.wrapping_mul(31).wrapping_add(k ^ v));
    while let Some(v) = heap.pop() {
        h = h.rotate_left(5) ^ v;
    }
    queue.iter().fold(h, |h, v| h.wrapping_add(*v))
}

#[no_mangle]
pub extern "C" fn strings(n: u32) -> u64 {
    let mut text = String::new();
    for i in 0..n % 2000 {
        text += &format!("{:05}:{:x}:{:.3};", i, i * 7919, f64::from(i) / 7.0);
    }
    let words: Vec<&str> = text.split(';').collect();
    let mut sorted = words.clone();
    sorted.sort_by(|a, b| b.cmp(a));
    let joined: String = sorted.iter().map(|w| w.to_uppercase()).collect::<Vec<_>>().join("\u{00e9}");
    joined.chars().fold(words.len() as u64, |h, c| h.wrapping_mul(131).wrapping_add(u64::from(u32::from(c))))
}

trait Shape {
    fn area(&self) -> f64;
}
struct Circle(f64);
struct Square(f64);
struct Sum(Vec<Box<dyn Shape>>);
impl Shape for Circle {
    fn area(&self) -> f64 {
        self.0 * self.0 * 3.141592653589793
    }
}
impl Shape for Square {
    fn area(&self) -> f64 {
        self.0 * self.0
    }
}
impl Shape for Sum {
    fn area(&self) -> f64 {
        self.0.iter().map(|s| s.area()).sum()
    }
}

#[no_mangle]
pub extern "C" fn traits(n: u32) -> u64 {
    let mut all: Vec<Box<dyn Shape>> = Vec::new();
    for i in 0..n % 3000 {
        let size = f64::from(i).sqrt();
        all.push(match i % 3 {
            0 => Box::new(Circle(size)),
            1 => Box::new(Square(size)),
            _ => Box::new(Sum(vec![Box::new(Circle(size)), Box::new(Square(size))])),
        });
    }
    Sum(all).area().to_bits()
}

#[no_mangle]
pub extern "C" fn wide(n: u32) -> u64 {
    let mut x: u128 = 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef;
    for i in 1..=u128::from(n % 3000) {
        x = x.wrapping_mul(x | 1) / i + (x >> 64) % (i + 3);
    }
    (x >> 64) as u64 ^ x as u64
}

#[inline(never)]
fn strike(v: &[u32], n: usize) -> u32 {
    v[n]
}

#[no_mangle]
pub extern "C" fn fail_in_rust(n: u32) -> u64 {
    u64::from(strike(&[1, 2, 3], n as usize + 3))
}
