package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	securejoin "github.com/cyphar/filepath-securejoin"
	"golang.org/x/sys/unix"
)

// A pod has a network namespace; each of its containers has a mount namespace in
// which the host's files are visible, with the pod's volumes mounted over them.
// Namespaces are made on OS threads of this process: a child inherits them from
// the thread that forks it, so neither a helper program nor a pause process is
// needed.

// onThread runs f on an OS thread that ends with f: once its namespaces differ,
// no other goroutine may run on it.
func onThread(f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and never unlock
		done <- f()
	}()
	return <-done
}

// newNetns makes a network namespace on the bridge. The file keeps it alive.
func (n *node) newNetns() (ns *os.File, ips []string, err error) {
	n.mu.Lock()
	n.lastIP++ // never used again: a stale endpoint can't reach a new pod
	id := n.lastIP + 1
	n.mu.Unlock()
	setUp := "link set lo up\n link set eth0 up\n"
	for _, f := range n.families {
		ip := f.pod(id)
		ips = append(ips, ip)
		setUp += fmt.Sprintf("addr add %s/%d dev eth0 %s\n route add default via %s\n", ip, f.bits, f.add, f.node)
	}
	err = onThread(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return err
		}
		ns, err = os.Open("/proc/thread-self/ns/net")
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	// A big MTU: there is no wire, and it is a lot faster.
	err = runIP(fmt.Sprintf(`link add rigv%d mtu 65000 type veth peer name eth0 mtu 65000 netns /proc/%d/fd/%d
		link set rigv%d master rig0 up`, id, os.Getpid(), ns.Fd(), id))
	if err != nil {
		return nil, nil, err
	}
	return ns, ips, onThread(func() error {
		if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
			return err
		}
		return runIP(setUp)
	})
}

func runIP(batch string) error {
	cmd := exec.Command("ip", "-batch", "-")
	cmd.Stdin = strings.NewReader(batch)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("ip: %w: %s", err, out)
	}
	return nil
}

// process is what it takes to run a container once.
type process struct {
	netns    *os.File
	hostname string
	root     string            // an empty directory to build the root file system on
	mounts   map[string]string // mount path -> file or directory
	argv     []string
	env      []string
	dir      string
	output   *os.File
}

// run starts the process, calls started, and waits for the process to end.
func (pr *process) run(started func(*os.Process)) error {
	return onThread(func() error {
		if err := unix.Setns(int(pr.netns.Fd()), unix.CLONE_NEWNET); err != nil {
			return err
		}
		if err := unix.Unshare(unix.CLONE_NEWNS | unix.CLONE_NEWUTS); err != nil {
			return err
		}
		// Controllers tell their replicas apart by host name.
		if err := unix.Sethostname([]byte(pr.hostname)); err != nil {
			return err
		}
		if err := pr.buildRoot(); err != nil {
			return fmt.Errorf("root file system: %w", err)
		}
		cmd := exec.Cmd{Path: pr.argv[0], Args: pr.argv, Env: pr.env, Dir: pr.dir, Stdout: pr.output, Stderr: pr.output}
		// Pdeathsig is sent when the forking *thread* ends, so this one stays until
		// the child is gone; it kills the child if the node process dies.
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: pr.root, Setpgid: true, Pdeathsig: syscall.SIGKILL}
		err := cmd.Start()
		pr.output.Close()
		if err != nil {
			return err
		}
		started(cmd.Process)
		err = cmd.Wait()
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what it left behind, as the end of a pid namespace would
		return err
	})
}

// buildRoot makes pr.root a view of the host's file system plus pr.mounts.
//
// The host is not written to for that (and could not be, without real root):
// where a mount point doesn't exist, the directory that lacks it is covered by a
// tmpfs that has a bind mount of everything that was in the directory.
func (pr *process) buildRoot() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SLAVE, ""); err != nil {
		return err
	}
	var covers []uint64 // devices of our tmpfs mounts: in those, directories can just be made
	cover := func(dir, at string) error {
		old, err := os.OpenFile(dir, unix.O_PATH|unix.O_DIRECTORY, 0) // still leads there once covered
		if err != nil {
			return err
		}
		defer old.Close()
		entries, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		if err := unix.Mount("tmpfs", at, "tmpfs", 0, "mode=755"); err != nil {
			return err
		}
		// Unbindable, or binding a directory that the root is below would copy it into itself.
		if err := unix.Mount("", at, "", unix.MS_UNBINDABLE, ""); err != nil {
			return err
		}
		covers = append(covers, device(at))
		for _, e := range entries {
			from, to := fmt.Sprintf("/proc/self/fd/%d/%s", old.Fd(), e.Name()), filepath.Join(at, e.Name())
			if e.Type()&os.ModeSymlink != 0 {
				if target, err := os.Readlink(from); err == nil {
					os.Symlink(target, to)
				}
				continue
			}
			if err := mountPoint(to, e.IsDir()); err != nil {
				return err
			}
			// Something may just have gone from a busy directory: no reason to fail.
			_ = unix.Mount(from, to, "", unix.MS_BIND|unix.MS_REC, "")
		}
		return nil
	}
	if err := cover("/", pr.root); err != nil {
		return err
	}
	if pr.hidesProgram() {
		at := filepath.Join(pr.root, entrypoint)
		if err := mountPoint(at, false); err != nil {
			return err
		}
		if err := unix.Mount(pr.argv[0], at, "", unix.MS_BIND, ""); err != nil {
			return err
		}
		pr.argv[0] = entrypoint
	}
	paths := make([]string, 0, len(pr.mounts))
	for p := range pr.mounts {
		paths = append(paths, p)
	}
	slices.Sort(paths) // a volume inside another volume comes after it
	for _, path := range paths {
		to, err := securejoin.SecureJoin(pr.root, path) // follows links as the chrooted process will
		if err != nil {
			return err
		}
		src, err := os.Stat(pr.mounts[path])
		if err != nil {
			return err
		}
		if _, err := os.Stat(to); err != nil {
			parent := filepath.Dir(to)
			for _, err := os.Stat(parent); err != nil; _, err = os.Stat(parent) {
				parent = filepath.Dir(parent)
			}
			if !slices.Contains(covers, device(parent)) {
				if err := cover(parent, parent); err != nil {
					return err
				}
			}
			if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
				return err
			}
			if err := mountPoint(to, src.IsDir()); err != nil {
				return err
			}
		}
		if err := unix.Mount(pr.mounts[path], to, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}

// entrypoint is where a container finds its program when a volume covers its directory.
const entrypoint = "/rig-entrypoint"

// hidesProgram says whether one of the mounts covers the program, as one on the home directory may.
func (pr *process) hidesProgram() bool {
	for path := range pr.mounts {
		if strings.HasPrefix(pr.argv[0], strings.TrimSuffix(path, "/")+"/") {
			return true
		}
	}
	return false
}

func mountPoint(path string, dir bool) error {
	if dir {
		return os.Mkdir(path, 0o755)
	}
	return os.WriteFile(path, nil, 0o644)
}

func device(path string) uint64 {
	var st unix.Stat_t
	unix.Stat(path, &st)
	return st.Dev
}
