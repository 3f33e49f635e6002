package main

import (
	"context"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"os/signal"
	"sync"
	"syscall"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

const nodeName = "rig-node"

// node is what a cluster's only machine would run: scheduler (everything goes
// here), kubelet (pod.go), load balancer (addresses in balance.go, data path in
// proxy.go), service proxy (proxy.go) and cluster DNS (dns.go).
type node struct {
	client     kubernetes.Interface
	services   corelisters.ServiceLister
	dir        string // pods' volumes and root file systems; logs
	imagesFile string
	families   []*family // the first is the one of what has one address
	ip, dnsIP  string    // of the first

	mu     sync.Mutex
	pods   map[types.UID]*pod
	lastIP uint32
	lbs    map[netip.Addr]types.UID // LoadBalancer address in use -> Service
	lastLB int
}

func runNode(args []string) int {
	fs := flag.NewFlagSet("node", flag.ExitOnError)
	kubeconfig := fs.String("kubeconfig", "", "admin kubeconfig")
	cert := fs.String("cert", "", "serving certificate of the log API")
	key := fs.String("key", "", "its key")
	n := &node{pods: map[types.UID]*pod{}, lbs: map[netip.Addr]types.UID{}}
	fs.StringVar(&n.dir, "dir", "", "state directory")
	fs.StringVar(&n.imagesFile, "images", "", "file of lines 'IMAGE=COMMAND WORDS...', read again for every container start")
	names := fs.String("families", "ipv4", "ipv4, ipv6, or both with a comma: the first is the one of what has one address")
	fs.Parse(args)
	var err error
	n.families, err = parseFamilies(*names)
	must(err)
	n.ip, n.dnsIP = n.families[0].node, n.families[0].dns

	cfg, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	must(err)
	cfg.QPS, cfg.Burst = 200, 400
	n.client = kubernetes.NewForConfigOrDie(cfg)
	must(n.register())
	go n.serveLogs(*cert, *key)

	f := informers.NewSharedInformerFactory(n.client, 0)
	n.services = f.Core().V1().Services().Lister()
	px := newProxy(f)
	go px.run()
	go n.serveDNS(f)
	serviceInformer := f.Core().V1().Services().Informer()
	serviceInformer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { n.balance(o.(*corev1.Service)) },
		UpdateFunc: func(_, o any) { n.balance(o.(*corev1.Service)) },
		DeleteFunc: func(o any) { n.release(deleted[*corev1.Service](o)) },
	})
	f.Start(nil)
	f.WaitForCacheSync(nil)
	// Pods last: their environment names the Services there are.
	f.Core().V1().Pods().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { n.pod(o.(*corev1.Pod)) },
		UpdateFunc: func(_, o any) { n.pod(o.(*corev1.Pod)) },
		DeleteFunc: func(o any) { n.forget(deleted[*corev1.Pod](o)) },
	})
	f.Start(nil)
	f.WaitForCacheSync(nil)
	fmt.Println("node ready")

	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	<-stop
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, p := range n.pods {
		p.kill(syscall.SIGKILL)
	}
	return 0
}

// deleted unwraps what an informer hands to DeleteFunc.
func deleted[T any](o any) T {
	if d, ok := o.(cache.DeletedFinalStateUnknown); ok {
		o = d.Obj
	}
	return o.(T)
}

func (n *node) register() error {
	ctx := context.Background()
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: nodeName, Labels: map[string]string{corev1.LabelHostname: nodeName, corev1.LabelOSStable: "linux"}}}
	node, err := n.client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	room := corev1.ResourceList{"cpu": resource.MustParse("64"), "memory": resource.MustParse("64Gi"), "pods": resource.MustParse("1000")}
	node.Status = corev1.NodeStatus{
		Capacity: room, Allocatable: room,
		Addresses:       nodeAddresses(n.families),
		NodeInfo:        corev1.NodeSystemInfo{KubeletVersion: "rig", OSImage: "none", OperatingSystem: "linux"},
		DaemonEndpoints: corev1.NodeDaemonEndpoints{KubeletEndpoint: corev1.DaemonEndpoint{Port: logPort}},
		Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue, Reason: "Rig",
			LastHeartbeatTime: metav1.Now(), LastTransitionTime: metav1.Now()}},
	}
	_, err = n.client.CoreV1().Nodes().UpdateStatus(ctx, node, metav1.UpdateOptions{})
	return err
}

func nodeAddresses(families []*family) (list []corev1.NodeAddress) {
	for _, f := range families {
		list = append(list, corev1.NodeAddress{Type: corev1.NodeInternalIP, Address: f.node})
	}
	return list
}

// pod takes one pod a step on: bind it, start it, or stop it.
func (n *node) pod(obj *corev1.Pod) {
	switch {
	case obj.Spec.NodeName == "" && obj.DeletionTimestamp == nil:
		go func() {
			err := n.client.CoreV1().Pods(obj.Namespace).Bind(context.Background(), &corev1.Binding{
				ObjectMeta: metav1.ObjectMeta{Name: obj.Name, UID: obj.UID},
				Target:     corev1.ObjectReference{Kind: "Node", Name: nodeName}}, metav1.CreateOptions{})
			if err != nil && !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) {
				fmt.Println("bind", obj.Name, err)
			}
		}()
	case obj.Spec.NodeName != nodeName:
	default:
		n.mu.Lock()
		defer n.mu.Unlock()
		p := n.pods[obj.UID]
		if p == nil {
			p = newPod(n, obj)
			n.pods[obj.UID] = p
			go p.run()
		}
		p.object.Store(obj)
		if obj.DeletionTimestamp != nil {
			p.stopOnce.Do(func() { go p.stop(*obj.DeletionGracePeriodSeconds) })
		}
	}
}

// forget is for a pod that is gone from the API, perhaps by force.
func (n *node) forget(obj *corev1.Pod) {
	n.mu.Lock()
	p := n.pods[obj.UID]
	delete(n.pods, obj.UID)
	n.mu.Unlock()
	if p != nil {
		p.stopOnce.Do(func() { go p.stop(0) })
	}
}
