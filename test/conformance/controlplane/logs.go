package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

const logPort = 10250

type logLine struct {
	at   time.Time
	text string
}

// logBuffer keeps a container's last lines in memory, for the log API, and all of
// them in a file, which outlives the pod.
type logBuffer struct {
	mu    sync.Mutex
	lines []logLine
	start int // index of lines[0] among all lines there ever were
	more  chan struct{}
	file  *os.File
}

func newLogBuffer(path string) *logBuffer {
	f, err := os.Create(path)
	if err != nil {
		fmt.Println("log", err)
	}
	return &logBuffer{more: make(chan struct{}), file: f}
}

// read takes a container's output, one run after the other.
func (b *logBuffer) read(r io.ReadCloser) {
	defer r.Close()
	lines := bufio.NewReader(r)
	for {
		text, err := lines.ReadString('\n')
		if text != "" {
			b.mu.Lock()
			if len(b.lines) >= 20000 {
				b.start += 10000
				b.lines = append([]logLine(nil), b.lines[10000:]...)
			}
			b.lines = append(b.lines, logLine{time.Now(), text})
			b.file.WriteString(text)
			close(b.more)
			b.more = make(chan struct{})
			b.mu.Unlock()
		}
		if err != nil {
			return
		}
	}
}

// from returns the lines from index i on, the index after them, and a channel
// that is closed when there are more.
func (b *logBuffer) from(i int) ([]logLine, int, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lines[max(i-b.start, 0):], b.start + len(b.lines), b.more
}

// serveLogs is the only part of the kubelet's API that there is:
// /containerLogs/NAMESPACE/POD/CONTAINER, which the apiserver calls for pods/log.
// (kubectl exec, attach and port-forward have nothing to talk to.)
func (n *node) serveLogs(cert, key string) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /containerLogs/{namespace}/{pod}/{container}", func(w http.ResponseWriter, r *http.Request) {
		b := n.logsOf(r.PathValue("namespace"), r.PathValue("pod"), r.PathValue("container"))
		if b == nil {
			http.NotFound(w, r)
			return
		}
		q := r.URL.Query()
		since, _ := time.Parse(time.RFC3339, q.Get("sinceTime"))
		if s, err := strconv.Atoi(q.Get("sinceSeconds")); err == nil {
			since = time.Now().Add(-time.Duration(s) * time.Second)
		}
		lines, next, more := b.from(0)
		if tail, err := strconv.Atoi(q.Get("tailLines")); err == nil {
			lines = lines[max(len(lines)-tail, 0):]
		}
		for {
			for _, l := range lines {
				if l.at.Before(since) {
					continue
				}
				if q.Get("timestamps") == "true" {
					io.WriteString(w, l.at.Format(time.RFC3339Nano)+" ")
				}
				io.WriteString(w, l.text)
			}
			if q.Get("follow") != "true" {
				return
			}
			w.(http.Flusher).Flush()
			select {
			case <-more:
			case <-r.Context().Done():
				return
			}
			lines, next, more = b.from(next)
		}
	})
	if err := http.ListenAndServeTLS(net.JoinHostPort(n.ip, fmt.Sprint(logPort)), cert, key, mux); err != nil {
		fmt.Println("log API:", err)
	}
}

func (n *node) logsOf(namespace, pod, container string) *logBuffer {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, p := range n.pods {
		if o := p.object.Load(); o.Namespace == namespace && o.Name == pod {
			for _, c := range p.containers {
				if c.spec.Name == container {
					return c.log
				}
			}
		}
	}
	return nil
}

// logPath is where a container's output is kept.
func (p *pod) logPath(container string) string {
	return filepath.Join(p.node.dir, "logs", p.fileName(container)+".log")
}

// pidPath is where a running container's process is named.
func (p *pod) pidPath(container string) string {
	return filepath.Join(p.node.dir, "pids", p.fileName(container))
}

func (p *pod) fileName(container string) string {
	o := p.object.Load()
	return strings.Join([]string{o.Namespace, o.Name, container}, "_")
}
