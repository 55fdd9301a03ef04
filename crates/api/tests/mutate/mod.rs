//! Documents of the corpus, changed here and there: the inputs of the tests with generated input. The
//! same seed gives the same inputs.

use std::fs;
use std::path::Path;

/// An endless row of inputs.
pub(crate) struct Mutations {
    corpus: Vec<Vec<u8>>,
    words: Vec<Vec<u8>>,
    state: u64,
    input: Vec<u8>,
}

/// What stands between the objects of a file.
const BETWEEN: &str = "\n---\n";

/// What is put in between: what means something to one of the readers.
const PIECES: [&[u8]; 40] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b": ",
    b",",
    b"- ",
    b"\n",
    b"\t",
    b"  ",
    b"\"",
    b"'",
    b"#",
    b"&a ",
    b"*a",
    b"<<: ",
    b"|\n",
    b">-\n",
    b"---\n",
    b"? ",
    b"!!int ",
    b"~",
    b"null",
    b"on",
    b"off",
    b"0",
    b"-1",
    b"1e308",
    b".nan",
    b".inf",
    b"0x7f",
    b"99999999999999999999",
    b"p99.9",
    b"168h",
    b"Ei",
    b"%",
    b"\xff",
    b"\xef\xbb\xbf",
    "\u{2028}".as_bytes(),
];

impl Mutations {
    /// From a seed that is not zero.
    pub(crate) fn new(seed: u64) -> Self {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
        let folders = ["corpus", "thoras"].map(|folder| fs::read_dir(tests.join(folder)).unwrap());
        let mut files: Vec<_> =
            folders.into_iter().flatten().map(|file| file.unwrap().path()).collect();
        files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
        files.sort();
        // Whole files, and the objects in them one by one: only one is read of what was many.
        let texts: Vec<String> = files
            .iter()
            .map(|path| String::from_utf8_lossy(&fs::read(path).unwrap()).into())
            .collect();
        let objects = texts.iter().filter(|text| text.contains(BETWEEN));
        let objects = objects.flat_map(|text| text.split(BETWEEN));
        let objects = objects.map(|object| object.as_bytes().to_vec());
        let whole = files.iter().map(|path| fs::read(path).unwrap());
        let corpus: Vec<Vec<u8>> = whole.chain(objects).collect();
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric();
        let mut words: Vec<Vec<u8>> = corpus
            .iter()
            .flat_map(|document| document.split(|byte| !is_word(byte)).map(<[u8]>::to_vec))
            .filter(|word| word.len() > 1)
            .collect();
        words.sort();
        words.dedup();
        Self { corpus, words, state: seed, input: Vec::new() }
    }

    /// The next input.
    pub(crate) fn next_input(&mut self) -> &[u8] {
        /// What is longer comes up an eighth as often: it takes many times as long.
        const LONG: usize = 4096;
        let mut document = self.below(self.corpus.len());
        while self.corpus[document].len() > LONG && self.below(8) > 0 {
            document = self.below(self.corpus.len());
        }
        self.input = self.corpus[document].clone();
        for _ in 0..=self.below(6) {
            self.change();
        }
        &self.input
    }

    fn change(&mut self) {
        let at = self.below(self.input.len() + 1);
        let to = (at + self.below(12)).min(self.input.len());
        match self.below(5) {
            0 => drop(self.input.drain(at..to)),
            1 => {
                let piece = PIECES[self.below(PIECES.len())];
                self.input.splice(at..at, piece.iter().copied());
            }
            2 => {
                let word = self.below(self.words.len());
                let word = self.words[word].clone();
                self.input.splice(at..to, word);
            }
            3 => {
                let again = self.input[at..to].to_vec();
                self.input.splice(at..at, again);
            }
            _ => {
                let byte = u8::try_from(self.below(256)).unwrap();
                self.input.splice(at..to, [byte]);
            }
        }
    }

    /// A number below `bound`, by xorshift.
    fn below(&mut self, bound: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state >> 33).unwrap() % bound.max(1)
    }
}
