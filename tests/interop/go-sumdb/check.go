// Checks a log that EvidenceVault exported with golang.org/x/mod/sumdb, which the Go checksum database is built on: signature, tree head,
// every entry against its tile, a random sample of inclusion proofs, the consistency with an older checkpoint, and our proof files.
//
//	check SAMPLE [proofs]
package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const tileHeight = 8

// folder reads tiles as C2SP tlog-tiles names them: without the height that tlog.Tile puts in its paths.
type folder string

func (f folder) Height() int { return tileHeight }

func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, t := range tiles {
		name := strings.Replace(t.Path(), fmt.Sprintf("tile/%d/", tileHeight), "tile/", 1)
		content, err := os.ReadFile(filepath.Join(string(f), name))
		if err != nil {
			return nil, err
		}
		all = append(all, content)
	}
	return all, nil
}

// entries reads a bundle; its name is that of the tile of level 0 with "entries" for the level.
func (f folder) entries(n int64, width int) ([][]byte, error) {
	tile := tlog.Tile{H: tileHeight, L: 0, N: n, W: width}
	name := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/0/", tileHeight), "tile/entries/", 1)
	content, err := os.ReadFile(filepath.Join(string(f), name))
	if err != nil {
		return nil, err
	}
	var entries [][]byte
	for len(content) > 0 {
		if len(content) < 2 {
			return nil, errors.New(name + " is cut off")
		}
		size := int(binary.BigEndian.Uint16(content))
		if len(content) < 2+size {
			return nil, errors.New(name + " is cut off")
		}
		entries = append(entries, content[2:2+size])
		content = content[2+size:]
	}
	if len(entries) != width {
		return nil, fmt.Errorf("%s holds %d entries, not %d", name, len(entries), width)
	}
	return entries, nil
}

func openCheckpoint(message []byte, verifier note.Verifier) (tlog.Tree, error) {
	opened, err := note.Open(message, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return tlog.Tree{}, errors.New("the note is no checkpoint of this log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	hash, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: hash}, err
}

// memory holds every node of the tree in the order that tlog stores them in.
type memory []tlog.Hash

func (m memory) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, at := range indexes {
		if at >= int64(len(m)) {
			return nil, fmt.Errorf("hash %d is not there", at)
		}
		hashes[i] = m[at]
	}
	return hashes, nil
}

func checkProofFile(name string, verifier note.Verifier) error {
	content, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	entry, err := os.ReadFile(strings.TrimSuffix(name, ".tlog-proof") + ".json")
	if err != nil {
		return err
	}
	head, message, found := bytes.Cut(content, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if !found || len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" || !strings.HasPrefix(lines[1], "index ") {
		return errors.New("is no tlog-proof")
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	if err != nil {
		return err
	}
	var proof tlog.RecordProof
	for _, line := range lines[2:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return err
		}
		proof = append(proof, hash)
	}
	tree, err := openCheckpoint(message, verifier)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry))
}

func run(sample string, proofs int) error {
	vkey, err := os.ReadFile(filepath.Join(sample, "log.vkey"))
	if err != nil {
		return err
	}
	verifier, err := note.NewVerifier(strings.TrimSpace(string(vkey)))
	if err != nil {
		return err
	}
	log := folder(filepath.Join(sample, "log"))
	message, err := os.ReadFile(filepath.Join(string(log), "checkpoint"))
	if err != nil {
		return err
	}
	tree, err := openCheckpoint(message, verifier)
	if err != nil {
		return err
	}

	// The whole tree again, from the entries alone.
	var nodes memory
	var leaves []tlog.Hash
	for n := int64(0); n*256 < tree.N; n++ {
		width := 256
		if tree.N-n*256 < 256 {
			width = int(tree.N - n*256)
		}
		entries, err := log.entries(n, width)
		if err != nil {
			return err
		}
		for i, entry := range entries {
			leaf := tlog.RecordHash(entry)
			stored, err := tlog.StoredHashesForRecordHash(n*256+int64(i), leaf, nodes)
			if err != nil {
				return err
			}
			nodes, leaves = append(nodes, stored...), append(leaves, leaf)
		}
	}
	root, err := tlog.TreeHash(tree.N, nodes)
	if err != nil {
		return err
	}
	if root != tree.Hash {
		return errors.New("the entries do not give the root of the checkpoint")
	}

	// Every tile that a tree of this size has, against that tree.
	tiles := 0
	for level := 0; tree.N>>(tileHeight*level) > 0; level++ {
		count := tree.N >> (tileHeight * level)
		for n := int64(0); n*256 < count; n++ {
			tile := tlog.Tile{H: tileHeight, L: level, N: n, W: 256}
			if count-n*256 < 256 {
				tile.W = int(count - n*256)
			}
			want, err := tlog.ReadTileData(tile, nodes)
			if err != nil {
				return err
			}
			got, err := log.ReadTiles([]tlog.Tile{tile})
			if err != nil {
				return err
			}
			if !bytes.Equal(got[0], want) {
				return errors.New(tile.Path() + " does not hold the hashes of what lies below it")
			}
			tiles++
		}
	}

	// Proofs made from the tiles, which the reader itself holds to the root, and judged with the entries' hashes. A wrong hash must fail.
	seed := time.Now().UnixNano()
	random := rand.New(rand.NewSource(seed))
	reader := tlog.TileHashReader(tree, log)
	for i := 0; i < proofs; i++ {
		at := random.Int63n(tree.N)
		proof, err := tlog.ProveRecord(tree.N, at, reader)
		if err != nil {
			return err
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, at, leaves[at]); err != nil {
			return fmt.Errorf("entry %d (seed %d): %v", at, seed, err)
		}
		wrong := leaves[at]
		wrong[random.Intn(len(wrong))] ^= 1
		if tlog.CheckRecord(proof, tree.N, tree.Hash, at, wrong) == nil {
			return fmt.Errorf("entry %d (seed %d): a wrong hash was taken", at, seed)
		}
	}

	older, err := os.ReadFile(filepath.Join(sample, "checkpoint.half"))
	if err != nil {
		return err
	}
	old, err := openCheckpoint(older, verifier)
	if err != nil {
		return err
	}
	consistency, err := tlog.ProveTree(tree.N, old.N, reader)
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(consistency, tree.N, tree.Hash, old.N, old.Hash); err != nil {
		return err
	}

	files, err := filepath.Glob(filepath.Join(sample, "proofs", "*.tlog-proof"))
	if err != nil || len(files) == 0 {
		return errors.New("there are no proof files")
	}
	for _, name := range files {
		if err := checkProofFile(name, verifier); err != nil {
			return fmt.Errorf("%s: %v", filepath.Base(name), err)
		}
	}
	fmt.Printf("x/mod/sumdb accepts %s: %d entries, %d tiles, %d random inclusion proofs, consistent from %d, %d proof files\n",
		verifier.Name(), tree.N, tiles, proofs, old.N, len(files))
	return nil
}

func main() {
	proofs := 500
	if len(os.Args) == 3 {
		proofs, _ = strconv.Atoi(os.Args[2])
	}
	if len(os.Args) < 2 || proofs < 1 {
		fmt.Fprintln(os.Stderr, "check SAMPLE [proofs]")
		os.Exit(2)
	}
	if err := run(os.Args[1], proofs); err != nil {
		fmt.Fprintln(os.Stderr, "NOT ACCEPTED:", err)
		os.Exit(1)
	}
}
