package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	cgroupMount  = "/sys/fs/cgroup"
	cgroupPrefix = "plimsoll-node-" // and the process id of the supervisor
)

// cgroupTrees lists the hierarchies: one in version 2, one for each controller in
// version 1.
func cgroupTrees() []string {
	if _, err := os.Stat(filepath.Join(cgroupMount, "cgroup.controllers")); err == nil {
		return []string{cgroupMount}
	}
	trees, _ := filepath.Glob(filepath.Join(cgroupMount, "*", "cgroup.procs"))
	for i, procs := range trees {
		trees[i] = filepath.Dir(procs)
	}
	return trees
}

func makeCgroups(name string) error {
	for _, tree := range cgroupTrees() {
		if err := os.MkdirAll(filepath.Join(tree, name), 0o755); err != nil {
			return err
		}
	}
	return nil
}

// removeCgroups removes the groups of a node whose processes have all ended.
func removeCgroups(name string) {
	for _, tree := range cgroupTrees() {
		var dirs []string
		_ = filepath.WalkDir(filepath.Join(tree, name), func(path string, e fs.DirEntry, err error) error {
			if err == nil && e.IsDir() {
				dirs = append(dirs, path)
			}
			return nil
		})
		for _, dir := range slices.Backward(dirs) {
			_ = os.Remove(dir)
		}
	}
}

// removeDeadCgroups removes what supervisors left that were killed themselves.
func removeDeadCgroups() {
	for _, tree := range cgroupTrees() {
		groups, _ := filepath.Glob(filepath.Join(tree, cgroupPrefix+"*"))
		for _, group := range groups {
			name := filepath.Base(group)
			if _, err := os.Stat("/proc/" + strings.TrimPrefix(name, cgroupPrefix)); os.IsNotExist(err) {
				removeCgroups(name)
			}
		}
	}
}
