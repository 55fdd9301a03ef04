package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"debug/elf"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// writeImage makes an OCI image archive of a static busybox without any registry
// or container tool. Its command sleeps, so that it serves as the sandbox image too.
func writeImage(file, name, busybox string) error {
	// Debian's package busybox brings one that needs a C library.
	if linked, err := elf.Open(busybox); err != nil {
		return err
	} else if libraries, _ := linked.ImportedLibraries(); len(libraries) > 0 {
		return fmt.Errorf("%s is not static: apt-get install -y busybox-static", busybox)
	}
	program, err := os.ReadFile(busybox)
	if err != nil {
		return err
	}
	applets, err := exec.Command(busybox, "--list").Output()
	if err != nil {
		return err
	}
	layer := newArchive()
	for _, dir := range []string{"bin", "etc", "tmp", "proc", "sys", "dev", "root", "var", "run"} {
		layer.add(tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o777}, nil)
	}
	layer.add(tar.Header{Name: "etc/passwd", Mode: 0o644}, []byte("root:x:0:0:root:/root:/bin/sh\n"))
	layer.add(tar.Header{Name: "bin/busybox", Mode: 0o755}, program)
	for _, applet := range strings.Fields(string(applets)) {
		if applet != "busybox" {
			layer.add(tar.Header{Typeflag: tar.TypeSymlink, Name: "bin/" + applet, Linkname: "busybox"}, nil)
		}
	}
	rootfs, err := layer.bytes()
	if err != nil {
		return err
	}

	image := newArchive()
	config := image.blob("config.v1+json", toJSON(map[string]any{
		"architecture": runtime.GOARCH, "os": "linux",
		"config": map[string]any{"Env": []string{"PATH=/bin"}, "Cmd": []string{"sleep", "1000000000"}},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{digest(rootfs)}},
	}))
	manifest := image.blob("manifest.v1+json", toJSON(map[string]any{
		"schemaVersion": 2, "mediaType": mediaType("manifest.v1+json"),
		"config": config, "layers": []any{image.blob("layer.v1.tar", rootfs)},
	}))
	manifest["annotations"] = map[string]string{"io.containerd.image.name": name}
	image.add(tar.Header{Name: "oci-layout", Mode: 0o644}, []byte(`{"imageLayoutVersion":"1.0.0"}`))
	image.add(tar.Header{Name: "index.json", Mode: 0o644},
		toJSON(map[string]any{"schemaVersion": 2, "manifests": []any{manifest}}))
	archive, err := image.bytes()
	if err != nil {
		return err
	}
	return os.WriteFile(file, archive, 0o600)
}

// archive is a tar file in memory; the first error is kept until the end.
type archive struct {
	buffer bytes.Buffer
	tar    *tar.Writer
	err    error
}

func newArchive() *archive {
	a := &archive{}
	a.tar = tar.NewWriter(&a.buffer)
	return a
}

func (a *archive) add(h tar.Header, content []byte) {
	h.Size = int64(len(content))
	if a.err == nil {
		a.err = a.tar.WriteHeader(&h)
	}
	if a.err == nil {
		_, a.err = a.tar.Write(content)
	}
}

// blob adds content under its digest and returns its descriptor.
func (a *archive) blob(kind string, content []byte) map[string]any {
	id := digest(content)
	a.add(tar.Header{Name: "blobs/" + strings.Replace(id, ":", "/", 1), Mode: 0o644}, content)
	return map[string]any{"mediaType": mediaType(kind), "digest": id, "size": len(content)}
}

func (a *archive) bytes() ([]byte, error) {
	if a.err == nil {
		a.err = a.tar.Close()
	}
	return a.buffer.Bytes(), a.err
}

func mediaType(kind string) string { return "application/vnd.oci.image." + kind }

func digest(content []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(content)) }

// toJSON is for maps of strings, numbers and lists, which always have a JSON form.
func toJSON(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return text
}
