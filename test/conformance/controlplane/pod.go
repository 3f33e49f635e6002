package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	podutil "k8s.io/kubernetes/pkg/api/v1/pod"
	"k8s.io/kubernetes/third_party/forked/golang/expansion"
)

// pod is the life of one pod on the node, from binding to deletion.
type pod struct {
	node       *node
	object     atomic.Pointer[corev1.Pod] // newest version seen
	dir        string
	ip         string
	ips        []string // the first is ip
	netns      *os.File
	tokens     map[string]boundToken
	containers []*container // init containers first

	ctx      context.Context // ends when the pod is to stop
	cancel   context.CancelFunc
	stopOnce sync.Once
	running  sync.WaitGroup
	changed  chan struct{} // the status is to be written
	mu       sync.Mutex    // for what is below and the containers' changing fields
	failure  string        // why the pod can't start
}

type container struct {
	spec    *corev1.Container
	init    bool
	log     *logBuffer
	process *os.Process // nil while it doesn't run
	status  corev1.ContainerStatus
}

func newPod(n *node, obj *corev1.Pod) *pod {
	p := &pod{node: n, dir: filepath.Join(n.dir, "pods", string(obj.UID)), tokens: map[string]boundToken{}, changed: make(chan struct{}, 1)}
	p.object.Store(obj)
	p.ctx, p.cancel = context.WithCancel(context.Background())
	must(os.MkdirAll(filepath.Join(n.dir, "logs"), 0o755))
	must(os.MkdirAll(filepath.Join(n.dir, "pids"), 0o755))
	add := func(specs []corev1.Container, init bool) {
		for i := range specs {
			c := &container{spec: &specs[i], init: init, log: newLogBuffer(p.logPath(specs[i].Name))}
			c.status = corev1.ContainerStatus{Name: c.spec.Name, Image: c.spec.Image, ImageID: "rig://" + c.spec.Image,
				State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "PodInitializing"}}}
			p.containers = append(p.containers, c)
		}
	}
	add(obj.Spec.InitContainers, true)
	add(obj.Spec.Containers, false)
	return p
}

func (p *pod) name() string      { return p.object.Load().Name }
func (p *pod) namespace() string { return p.object.Load().Namespace }

func (p *pod) run() {
	p.running.Add(1)
	defer p.running.Done()
	go p.writeStatus()
	if err := p.setUp(); err != nil {
		p.fail(err.Error())
		return
	}
	go p.refresh()
	for _, c := range p.containers {
		if c.init && (c.spec.RestartPolicy == nil || *c.spec.RestartPolicy != corev1.ContainerRestartPolicyAlways) {
			if !p.keep(c) {
				return
			}
			continue
		}
		p.running.Go(func() { p.keep(c) })
	}
}

// setUp makes the pod's network and waits for its volumes: what they name may well
// be created after the pod.
func (p *pod) setUp() (err error) {
	if err := os.MkdirAll(p.dir, 0o755); err != nil {
		return err
	}
	if p.netns, p.ips, err = p.node.newNetns(); err != nil {
		return err
	}
	p.ip = p.ips[0]
	if err := p.etcFiles(); err != nil {
		return err
	}
	for try := 0; ; try++ {
		if err = p.writeVolumes(p.ctx); err == nil || p.ctx.Err() != nil {
			p.fail("")
			return err
		}
		if try == 5 {
			p.fail(err.Error())
		}
		p.sleep(200 * time.Millisecond)
	}
}

// refresh keeps volumes up to date. (The kubelet takes up to a minute for it.)
func (p *pod) refresh() {
	for p.sleep(10 * time.Second) {
		if err := p.writeVolumes(p.ctx); err != nil && p.ctx.Err() == nil {
			fmt.Println(p.namespace(), p.name(), err)
		}
	}
}

// sleep says whether the pod is still to run.
func (p *pod) sleep(d time.Duration) bool {
	select {
	case <-p.ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// keep runs a container, again and again as its restart policy says, with a
// growing pause between runs. It says whether the container ended well.
func (p *pod) keep(c *container) bool {
	policy := p.object.Load().Spec.RestartPolicy
	if c.init && policy == corev1.RestartPolicyAlways {
		policy = corev1.RestartPolicyOnFailure
	}
	if c.spec.RestartPolicy != nil {
		policy = corev1.RestartPolicy(*c.spec.RestartPolicy)
	}
	pause := time.Second
	for {
		start := metav1.Now()
		err := p.runOnce(c)
		if p.ctx.Err() != nil {
			return false
		}
		code, reason := int32(0), "Completed"
		if err != nil {
			code, reason = 128, "StartError"
			var exit *exec.ExitError
			if errors.As(err, &exit) {
				code, reason = int32(exit.ExitCode()), "Error"
				if s := exit.Sys().(syscall.WaitStatus); s.Signaled() {
					code = 128 + int32(s.Signal())
				}
			}
			fmt.Println("container ended:", p.namespace(), p.name(), c.spec.Name, err)
		}
		ended := corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason, StartedAt: start, FinishedAt: metav1.Now()}}
		if reason == "StartError" {
			ended.Terminated.Message = err.Error()
		}
		again := policy == corev1.RestartPolicyAlways || policy == corev1.RestartPolicyOnFailure && code != 0
		if time.Since(start.Time) > time.Minute {
			pause = time.Second
		}
		p.update(c, func(s *corev1.ContainerStatus) {
			s.State = ended
			if again {
				s.LastTerminationState = ended
				s.State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff", Message: "back-off " + pause.String()}}
			}
			s.Ready, s.Started = false, new(bool)
		})
		if !again {
			return code == 0
		}
		if !p.sleep(pause) {
			return false
		}
		pause = min(2*pause, time.Minute)
		p.update(c, func(s *corev1.ContainerStatus) { s.RestartCount++ })
	}
}

// runOnce runs a container's process to its end.
func (p *pod) runOnce(c *container) error {
	image, err := p.node.command(c.spec.Image)
	if err != nil {
		return err
	}
	env, err := p.environment(p.ctx, c.spec)
	if err != nil {
		return err
	}
	mounts, err := p.mounts(c.spec)
	if err != nil {
		return err
	}
	// The image's command stands for its entrypoint; where the container has a
	// command, the first word of that is taken to be the same program.
	argv := append([]string{}, image...)
	var rest []string
	if len(c.spec.Command) > 1 {
		rest = append(rest, c.spec.Command[1:]...)
	}
	for _, a := range append(rest, c.spec.Args...) {
		argv = append(argv, expansion.Expand(a, expansion.MappingFuncFor(env)))
	}
	dir := c.spec.WorkingDir
	if dir == "" {
		dir = "/"
	}
	root := filepath.Join(p.dir, "root-"+c.spec.Name)
	if err := os.MkdirAll(root, 0o755); err != nil {
		return err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	go c.log.read(r)
	pr := &process{netns: p.netns, hostname: p.name(), root: root, mounts: mounts, argv: argv, dir: dir, output: w}
	for k, v := range env {
		pr.env = append(pr.env, k+"="+v)
	}
	ctx, cancel := context.WithCancel(p.ctx)
	defer cancel()
	defer w.Close()
	pidFile := p.pidPath(c.spec.Name)
	defer os.Remove(pidFile)
	err = pr.run(func(process *os.Process) {
		os.WriteFile(pidFile, fmt.Appendln(nil, process.Pid), 0o644) // for who measures or kills it from outside
		p.update(c, func(s *corev1.ContainerStatus) {
			c.process = process
			s.ContainerID = fmt.Sprintf("rig://%s/%s/%d", p.object.Load().UID, c.spec.Name, process.Pid)
			s.State = corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.Now()}}
		})
		if p.ctx.Err() != nil { // stop came between the two
			process.Kill()
		}
		go p.probe(ctx, c, process)
	})
	p.mu.Lock()
	c.process = nil
	p.mu.Unlock()
	return err
}

// command finds what to run for an image: under its full name, its name without
// tag, or the last part of that.
func (n *node) command(image string) ([]string, error) {
	conf, err := os.ReadFile(n.imagesFile)
	if err != nil {
		return nil, err
	}
	commands := map[string]string{}
	for _, line := range strings.Split(string(conf), "\n") {
		if name, command, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(name, "#") {
			commands[name] = command
		}
	}
	repository, _, _ := strings.Cut(image, "@")
	if i := strings.LastIndex(repository, ":"); i > strings.LastIndex(repository, "/") {
		repository = repository[:i]
	}
	for _, name := range []string{image, repository, repository[strings.LastIndex(repository, "/")+1:]} {
		if words := strings.Fields(commands[name]); len(words) > 0 {
			words[0], err = exec.LookPath(words[0])
			return words, err
		}
	}
	return nil, fmt.Errorf("no command for image %s in %s", image, n.imagesFile)
}

// stop ends the pod the way the kubelet does: preStop hooks, SIGTERM, and SIGKILL
// when the grace period is over. Then the object may go.
func (p *pod) stop(grace int64) {
	over := time.After(time.Duration(grace) * time.Second)
	p.mu.Lock()
	var hooks sync.WaitGroup
	for _, c := range p.containers {
		if c.process != nil && grace > 0 && c.spec.Lifecycle != nil && c.spec.Lifecycle.PreStop != nil {
			hook, pid := c.spec.Lifecycle.PreStop, c.process.Pid
			hooks.Go(func() { p.hook(c, hook, pid) })
		}
	}
	p.mu.Unlock()
	wait := func(wg *sync.WaitGroup) bool {
		done := make(chan struct{})
		go func() { wg.Wait(); close(done) }()
		select {
		case <-done:
			return true
		case <-over:
			return false
		}
	}
	wait(&hooks)
	p.cancel()
	p.kill(syscall.SIGTERM)
	if !wait(&p.running) {
		p.kill(syscall.SIGKILL)
		p.running.Wait()
	}
	if p.netns != nil {
		p.netns.Close() // with its last process and this, the network namespace and the veth pair go
	}
	os.RemoveAll(p.dir)
	o, zero := p.object.Load(), int64(0)
	err := p.node.client.CoreV1().Pods(o.Namespace).Delete(context.Background(), o.Name,
		metav1.DeleteOptions{GracePeriodSeconds: &zero, Preconditions: &metav1.Preconditions{UID: &o.UID}})
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
		fmt.Println("delete", o.Name, err)
	}
}

// kill signals the containers' processes; SIGKILL also goes to their children.
func (p *pod) kill(sig syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.containers {
		if c.process == nil {
			continue
		}
		if sig == syscall.SIGKILL {
			syscall.Kill(-c.process.Pid, sig)
		} else {
			c.process.Signal(sig)
		}
	}
}

func (p *pod) update(c *container, f func(*corev1.ContainerStatus)) {
	p.mu.Lock()
	f(&c.status)
	p.mu.Unlock()
	p.poke()
}

func (p *pod) fail(why string) {
	p.mu.Lock()
	p.failure = why
	p.mu.Unlock()
	if why != "" {
		fmt.Println(p.namespace(), p.name(), why)
	}
	p.poke()
}

func (p *pod) poke() {
	select {
	case p.changed <- struct{}{}:
	default:
	}
}

// writeStatus is the only writer of the pod's status, so that no state is
// overwritten with an older one.
func (p *pod) writeStatus() {
	for {
		select {
		case <-p.changed:
		case <-p.ctx.Done():
			return
		}
		for try := 0; try < 5; try++ {
			o := p.object.Load()
			cur, err := p.node.client.CoreV1().Pods(o.Namespace).Get(p.ctx, o.Name, metav1.GetOptions{})
			if err != nil || cur.UID != o.UID {
				break
			}
			p.fillStatus(&cur.Status)
			_, err = p.node.client.CoreV1().Pods(o.Namespace).UpdateStatus(p.ctx, cur, metav1.UpdateOptions{})
			if !apierrors.IsConflict(err) {
				if err != nil && p.ctx.Err() == nil {
					fmt.Println("status", o.Name, err)
				}
				break
			}
		}
	}
}

func (p *pod) fillStatus(s *corev1.PodStatus) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.StartTime == nil {
		now := metav1.Now()
		s.StartTime = &now
	}
	s.HostIP, s.HostIPs = p.node.ip, nil
	for _, f := range p.node.families {
		s.HostIPs = append(s.HostIPs, corev1.HostIP{IP: f.node})
	}
	if p.ip != "" {
		s.PodIP, s.PodIPs = p.ip, nil
		for _, ip := range p.ips {
			s.PodIPs = append(s.PodIPs, corev1.PodIP{IP: ip})
		}
	}
	s.InitContainerStatuses, s.ContainerStatuses, s.Message = nil, nil, p.failure
	initialized, ready, ended, failed := true, true, true, false
	for _, c := range p.containers {
		status := *c.status.DeepCopy()
		over := status.State.Terminated
		if c.init {
			s.InitContainerStatuses = append(s.InitContainerStatuses, status)
			initialized = initialized && (over != nil && over.ExitCode == 0 || status.Ready)
			failed = failed || over != nil && over.ExitCode != 0
			continue
		}
		s.ContainerStatuses = append(s.ContainerStatuses, status)
		ready = ready && status.Ready
		ended = ended && over != nil
		failed = failed || over != nil && over.ExitCode != 0
	}
	switch {
	case ended && failed:
		s.Phase = corev1.PodFailed
	case ended:
		s.Phase = corev1.PodSucceeded
	case initialized && p.failure == "":
		s.Phase = corev1.PodRunning
	default:
		s.Phase = corev1.PodPending
	}
	gates := true // conditions that others are to set
	for _, g := range p.object.Load().Spec.ReadinessGates {
		_, c := podutil.GetPodCondition(s, g.ConditionType)
		gates = gates && c != nil && c.Status == corev1.ConditionTrue
	}
	for t, is := range map[corev1.PodConditionType]bool{corev1.PodScheduled: true, corev1.PodInitialized: initialized,
		corev1.ContainersReady: ready, corev1.PodReady: ready && gates} {
		status := corev1.ConditionFalse
		if is {
			status = corev1.ConditionTrue
		}
		podutil.UpdatePodCondition(s, &corev1.PodCondition{Type: t, Status: status})
	}
}
