import assert from 'node:assert/strict';
import { test } from 'node:test';
import { containerId } from '../../instrumentation/cgroup/container-id.ts';
import { parseMountinfo } from '../../instrumentation/kernel/mountinfo.ts';
import { parseProcCgroup } from '../../instrumentation/kernel/proc-cgroup.ts';

interface Case {
  readonly name: string;
  readonly cgroup: string;
  readonly mountinfo: string;
  readonly expected: ReturnType<typeof containerId>;
}

// The lines are those of captures that others published, less the lines and options that do not matter here. Where a
// publisher had made the ids up, so are they here.
const OWN = '34dc0b5e626f2c5c4c5170e34b10e7654ce36f0fcd532739f4445baabea03376';
const OTHER = '8c1e75bb325eb9c64571326952a6507132f1fc7eba7cd5b694422abe39fc7ed8';
const SANDBOX = 'cbd4283245f21968f5a0f2960d4b689d063a0ccd27896b3665cfcbd140f3b5b5';
const POD = '6bcf846c-5fe3-45cb-995f-5d34aa16e4c3';
const POD_SLICE = 'kubepods-burstable-pod6bcf846c_5fe3_45cb_995f_5d34aa16e4c3.slice';
const SLICES = `kubepods.slice/kubepods-burstable.slice/${POD_SLICE}`;

const dockerMounts = (id: string, directory = '/var/lib/docker'): string => `\
456 375 0:143 / / rw,relatime - overlay overlay rw,upperdir=/var/lib/docker/overlay2/${OTHER}/diff
472 456 254:1 ${directory}/containers/${id}/resolv.conf /etc/resolv.conf rw,relatime - ext4 /dev/vda1 rw
473 456 254:1 ${directory}/containers/${id}/hostname /etc/hostname rw,relatime - ext4 /dev/vda1 rw
474 456 254:1 ${directory}/containers/${id}/hosts /etc/hosts rw,relatime - ext4 /dev/vda1 rw
`;

const containerdPodMounts = `\
7634 6917 0:1147 / / rw,relatime - overlay overlay rw,upperdir=/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/915/fs
7641 7640 0:27 / /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup rw
7642 7634 8:1 /var/lib/kubelet/pods/${POD}/etc-hosts /etc/hosts rw,relatime - ext4 /dev/sda1 rw
7643 7637 8:1 /var/lib/kubelet/pods/${POD}/containers/latency-router/fc653337 /dev/termination-log rw,relatime - ext4 /dev/sda1 rw
7644 7634 8:1 /var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/${SANDBOX}/hostname /etc/hostname rw,relatime - ext4 /dev/sda1 rw
7645 7634 8:1 /var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/${SANDBOX}/resolv.conf /etc/resolv.conf rw,relatime - ext4 /dev/sda1 rw
7647 7634 0:702 / /run/secrets/kubernetes.io/serviceaccount ro,relatime - tmpfs tmpfs rw
`;

const crioPodMounts = `\
10303 9025 0:676 / / rw,relatime master:2633 - overlay overlay rw
10311 10303 0:25 /containers/storage/overlay-containers/${SANDBOX}/userdata/resolv.conf /etc/resolv.conf rw,nosuid,nodev,noexec master:15 - tmpfs tmpfs rw
10312 10303 0:25 /containers/storage/overlay-containers/${SANDBOX}/userdata/hostname /etc/hostname rw,nosuid,nodev master:15 - tmpfs tmpfs rw
10313 10303 0:25 /containers/storage/overlay-containers/${SANDBOX}/userdata/.containerenv /run/.containerenv rw,nosuid,nodev master:15 - tmpfs tmpfs rw
10314 10303 252:4 /ostree/deploy/rhcos/var/lib/kubelet/pods/${POD}/etc-hosts /etc/hosts rw,relatime - xfs /dev/vda4 rw
`;
const crioSecrets = `\
10316 10303 0:25 /containers/storage/overlay-containers/${OWN}/userdata/run/secrets /run/secrets rw,nosuid,nodev - tmpfs tmpfs rw
`;

/** `network`: of the container whose network it has, in a pod that of the infra container. */
const podmanMounts = (id: string, network = id, storage = '/containers/storage/overlay-containers'): string => `\
1088 961 0:99 / / rw,relatime - overlay overlay rw,upperdir=/home/kiosk/.local/share/containers/storage/overlay/${OTHER}/diff
1094 1088 0:104 ${storage}/${network}/userdata/hosts /etc/hosts rw,nosuid,nodev,relatime - tmpfs tmpfs rw
1096 1088 0:104 ${storage}/${id}/userdata/hostname /etc/hostname rw,nosuid,nodev,relatime - tmpfs tmpfs rw
1097 1088 0:104 ${storage}/${id}/userdata/.containerenv /run/.containerenv rw,nosuid,nodev,relatime - tmpfs tmpfs rw
1099 1088 0:104 ${storage}/${network}/userdata/resolv.conf /etc/resolv.conf rw,nosuid,nodev,relatime - tmpfs tmpfs rw
`;

const nerdctlMounts = (id: string): string => `\
81 60 254:1 /var/lib/nerdctl/1935db59/containers/default/${id}/resolv.conf /etc/resolv.conf rw,relatime - ext4 /dev/vda1 rw
82 60 254:1 /var/lib/nerdctl/1935db59/etchosts/default/${id}/hosts /etc/hosts rw,relatime - ext4 /dev/vda1 rw
83 60 254:1 /var/lib/nerdctl/1935db59/containers/default/${id}/hostname /etc/hostname rw,relatime - ext4 /dev/vda1 rw
`;

const hostMounts = `\
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
28 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime - cgroup2 cgroup2 rw
`;

const v1 = (path: string): string => `12:pids:${path}\n11:rdma:/\n5:cpu,cpuacct:${path}\n1:name=systemd:${path}\n`;
const v2 = (path: string): string => `0::${path}\n`;

const cases: readonly Case[] = [
  // Docker
  {
    name: 'Docker, v1',
    cgroup: v1(`/docker/${OWN}`),
    mountinfo: dockerMounts(OWN),
    expected: { id: OWN, runtime: 'docker' },
  },
  {
    name: 'Docker, v1 with systemd, hybrid',
    cgroup: `${v1(`/system.slice/docker-${OWN}.scope`)}0::/system.slice/containerd.service\n`,
    mountinfo: '',
    expected: { id: OWN, runtime: 'docker' },
  },
  {
    name: 'Docker, v1, private',
    cgroup: v1('/'),
    mountinfo: dockerMounts(OWN),
    expected: { id: OWN, runtime: 'docker' },
  },
  {
    name: 'Docker, v2',
    cgroup: v2(`/system.slice/docker-${OWN}.scope`),
    mountinfo: dockerMounts(OWN),
    expected: { id: OWN, runtime: 'docker' },
  },
  {
    name: 'Docker, v2 without systemd',
    cgroup: v2(`/docker/${OWN}`),
    mountinfo: '',
    expected: { id: OWN, runtime: 'docker' },
  },
  {
    name: 'Docker, v2, private',
    cgroup: v2('/'),
    mountinfo: dockerMounts(OWN),
    expected: { id: OWN, runtime: 'docker' },
  },
  {
    name: 'Docker, v2, private, its directory on a file system of its own',
    cgroup: v2('/'),
    mountinfo: dockerMounts(OWN, ''),
    expected: { id: OWN, runtime: 'docker' },
  },
  {
    name: 'Docker, v2, private, in a subgroup that the container made',
    cgroup: v2('/init'),
    mountinfo: dockerMounts(OWN, '/docker'),
    expected: { id: OWN, runtime: 'docker' },
  },
  {
    name: 'Docker without root, v2',
    cgroup: v2(`/user.slice/user-1000.slice/user@1000.service/user.slice/docker-${OWN}.scope`),
    mountinfo: '',
    expected: { id: OWN, runtime: 'docker' },
  },
  {
    name: 'Docker without root, v2, private',
    cgroup: v2('/'),
    mountinfo: dockerMounts(OWN, '/home/testuser/.local/share/docker'),
    expected: { id: OWN, runtime: 'docker' },
  },
  {
    name: 'Docker, --cgroup-parent without systemd',
    cgroup: v1(`/actions_job/${OWN}`),
    mountinfo: dockerMounts(OWN),
    expected: { id: OWN, runtime: 'docker' },
  },
  {
    name: "Docker, v2, with another container's network",
    cgroup: v2(`/system.slice/docker-${OWN}.scope`),
    mountinfo: dockerMounts(OTHER),
    expected: { id: OWN, runtime: 'docker' },
  },
  {
    name: 'systemd in Docker, v2',
    cgroup: v2(`/system.slice/docker-${OWN}.scope/system.slice/sshd.service`),
    mountinfo: '',
    expected: { id: OWN, runtime: 'docker' },
  },
  {
    name: 'a Slurm step in Docker, v1',
    cgroup: v1(`/docker/${OWN}/slurm/uid_0/job_12/step_0`),
    mountinfo: '',
    expected: { id: OWN, runtime: 'docker' },
  },

  // containerd: nerdctl, CRI
  {
    name: 'nerdctl, v1',
    cgroup: v1(`/default/${OWN}`),
    mountinfo: '',
    expected: { id: OWN, runtime: 'containerd' },
  },
  {
    name: 'nerdctl, v2',
    cgroup: v2(`/system.slice/nerdctl-${OWN}.scope`),
    mountinfo: nerdctlMounts(OWN),
    expected: { id: OWN, runtime: 'containerd' },
  },
  {
    name: 'nerdctl, private',
    cgroup: v2('/'),
    mountinfo: nerdctlMounts(OWN),
    expected: { id: OWN, runtime: 'containerd' },
  },
  {
    name: 'Kubernetes with cgroupfs, v1, hybrid: containerd and Docker are the same',
    cgroup: `${v1(`/kubepods/burstable/pod${POD}/${OWN}`)}0::/system.slice/containerd.service\n`,
    mountinfo: containerdPodMounts,
    expected: { id: OWN },
  },
  {
    name: 'Kubernetes with cgroupfs, v2, guaranteed',
    cgroup: v2(`/kubepods/pod${POD}/${OWN}`),
    mountinfo: containerdPodMounts,
    expected: { id: OWN },
  },
  {
    name: 'Kubernetes with cgroupfs, v1, a static pod',
    cgroup: v1(`/kubepods/burstable/pod2a16c9b1a6e2c2e1b6bb9a7ca2d4f4b2/${OWN}`),
    mountinfo: '',
    expected: { id: OWN },
  },
  {
    name: 'containerd, Kubernetes with systemd, v1',
    cgroup: v1(`/${SLICES}/cri-containerd-${OWN}.scope`),
    mountinfo: containerdPodMounts,
    expected: { id: OWN, runtime: 'containerd' },
  },
  {
    name: 'containerd, Kubernetes with systemd, v2',
    cgroup: v2(`/${SLICES}/cri-containerd-${OWN}.scope`),
    mountinfo: containerdPodMounts,
    expected: { id: OWN, runtime: 'containerd' },
  },
  {
    name: 'containerd without systemd below a kubelet with it, v1',
    cgroup: v1(`/system.slice/containerd.service/${POD_SLICE}:cri-containerd:${OWN}`),
    mountinfo: containerdPodMounts,
    expected: { id: OWN, runtime: 'containerd' },
  },
  {
    name: 'containerd, Kubernetes, v2, private: only the sandbox is seen',
    cgroup: v2('/'),
    mountinfo: containerdPodMounts,
    expected: undefined,
  },
  {
    name: 'containerd, Kubernetes, v1, private: only the sandbox is seen',
    cgroup: v1('/'),
    mountinfo: containerdPodMounts,
    expected: undefined,
  },

  // Docker below Kubernetes
  {
    name: 'Docker, Kubernetes with systemd, v1',
    cgroup: v1(`/${SLICES}/docker-${OWN}.scope`),
    mountinfo: '',
    expected: { id: OWN, runtime: 'docker' },
  },
  {
    name: 'Docker, Kubernetes, v2, private: hostname and resolv.conf are those of the sandbox',
    cgroup: v2('/'),
    mountinfo: `\
1281 1280 0:286 / / rw,relatime master:250 - overlay overlay rw,upperdir=/var/lib/docker/overlay2/${OTHER}/diff
1288 1281 254:1 /lib/kubelet/pods/${POD}/etc-hosts /etc/hosts rw,relatime - ext4 /dev/vda1 rw
1289 1281 254:1 /docker/containers/${SANDBOX}/resolv.conf /etc/resolv.conf rw,relatime - ext4 /dev/vda1 rw
1290 1281 254:1 /docker/containers/${SANDBOX}/hostname /etc/hostname rw,relatime - ext4 /dev/vda1 rw
`,
    expected: undefined,
  },

  // CRI-O
  {
    name: 'CRI-O with systemd, v1',
    cgroup: v1(`/${SLICES}/crio-${OWN}.scope`),
    mountinfo: crioPodMounts,
    expected: { id: OWN, runtime: 'cri-o' },
  },
  {
    name: 'CRI-O with systemd, v2',
    cgroup: v2(`/${SLICES}/crio-${OWN}.scope/container`),
    mountinfo: crioPodMounts,
    expected: { id: OWN, runtime: 'cri-o' },
  },
  {
    name: 'CRI-O with cgroupfs, v1',
    cgroup: v1(`/kubepods/besteffort/pod${POD}/crio-${OWN}`),
    mountinfo: crioPodMounts,
    expected: { id: OWN, runtime: 'cri-o' },
  },
  {
    name: 'CRI-O with cgroupfs, v2',
    cgroup: v2(`/kubepods/besteffort/pod${POD}/crio-${OWN}`),
    mountinfo: '',
    expected: { id: OWN, runtime: 'cri-o' },
  },
  {
    name: "CRI-O, v2, private: the secrets are the container's",
    cgroup: v2('/'),
    mountinfo: crioPodMounts + crioSecrets,
    expected: { id: OWN, runtime: 'cri-o' },
  },
  {
    name: 'CRI-O, v1, private, of a version without .containerenv',
    cgroup: v1('/'),
    mountinfo: crioPodMounts.replace(/^.*\.containerenv .*\n/m, '') + crioSecrets,
    expected: { id: OWN, runtime: 'cri-o' },
  },
  {
    name: 'CRI-O, v2, private, without secrets: only the sandbox is seen',
    cgroup: v2('/'),
    mountinfo: crioPodMounts,
    expected: undefined,
  },
  {
    name: 'CRI-O, v2, private, hosts of a node that is itself a Podman container',
    cgroup: v2('/'),
    mountinfo: crioPodMounts.replace(/\/ostree\S+/, `/containers/storage/overlay-containers/${OTHER}/userdata/hosts`),
    expected: undefined,
  },
  {
    name: 'CRI-O, v2, private, without secrets and without resolv.conf',
    cgroup: v2('/'),
    mountinfo: crioPodMounts.replace(/^.*resolv\.conf.*\n/m, ''),
    expected: undefined,
  },
  {
    name: 'three ids of containers/storage, and no rule',
    cgroup: v2('/'),
    mountinfo:
      crioPodMounts.replace(`${SANDBOX}/userdata/.containerenv`, `${OTHER}/userdata/.containerenv`) + crioSecrets,
    expected: undefined,
  },

  // Podman
  {
    name: 'Podman, v1',
    cgroup: v1(`/machine.slice/libpod-${OWN}.scope`),
    mountinfo: podmanMounts(OWN),
    expected: { id: OWN, runtime: 'podman' },
  },
  {
    name: 'Podman, v1 with cgroupfs, in a pod',
    cgroup: v1(`/libpod_parent/${SANDBOX}/libpod-${OWN}`),
    mountinfo: '',
    expected: { id: OWN, runtime: 'podman' },
  },
  {
    name: 'Podman, v1, private',
    cgroup: v1('/'),
    mountinfo: podmanMounts(OWN),
    expected: { id: OWN, runtime: 'podman' },
  },
  {
    name: 'Podman, v2',
    cgroup: v2(`/machine.slice/libpod-${OWN}.scope/container`),
    mountinfo: '',
    expected: { id: OWN, runtime: 'podman' },
  },
  {
    name: 'Podman, v2, in a pod',
    cgroup: v2(`/machine.slice/machine-libpod_pod_${SANDBOX}.slice/libpod-${OWN}.scope/container`),
    mountinfo: '',
    expected: { id: OWN, runtime: 'podman' },
  },
  {
    name: 'Podman, v2, --cgroups=split',
    cgroup: v2(`/system.slice/web.service/libpod-payload-${OWN}`),
    mountinfo: '',
    expected: { id: OWN, runtime: 'podman' },
  },
  {
    name: 'Podman, v2, --cgroups=split, with a subgroup',
    cgroup: v2(`/system.slice/web.service/libpod-payload-${OWN}/container`),
    mountinfo: '',
    expected: { id: OWN, runtime: 'podman' },
  },
  {
    name: 'Podman, v2, private, with secrets',
    cgroup: v2('/'),
    mountinfo: `${podmanMounts(OWN)}1098 1088 0:104 /containers/storage/overlay-containers/${OWN}/userdata/run/secrets /run/secrets rw - tmpfs tmpfs rw\n`,
    expected: { id: OWN, runtime: 'podman' },
  },
  {
    name: 'Podman, v2, private, with secrets, --no-hosts',
    cgroup: v2('/'),
    mountinfo: `${podmanMounts(OWN).replace(/^.*hosts.*\n/m, '')}1098 1088 0:104 /containers/storage/overlay-containers/${OWN}/userdata/run/secrets /run/secrets rw - tmpfs tmpfs rw\n`,
    expected: { id: OWN, runtime: 'podman' },
  },
  {
    name: "Podman, v2, private, in a pod: hosts and resolv.conf are the infra container's",
    cgroup: v2('/'),
    mountinfo: podmanMounts(OWN, SANDBOX),
    expected: { id: OWN, runtime: 'podman' },
  },
  {
    name: 'Podman without root, v1: it has no cgroup of its own',
    cgroup: `3:devices:/user.slice\n2:pids:/user.slice/user-1000.slice/user@1000.service\n0::/user.slice/user-1000.slice/session-3.scope\n`,
    mountinfo: podmanMounts(OWN, OWN, '/containers/overlay-containers'),
    expected: { id: OWN, runtime: 'podman' },
  },
  {
    name: 'Podman without root, v2',
    cgroup: v2(`/user.slice/user-1001.slice/user@1001.service/user.slice/libpod-${OWN}.scope/container`),
    mountinfo: '',
    expected: { id: OWN, runtime: 'podman' },
  },
  {
    name: 'Podman without root, v2, private, systemd in it',
    cgroup: v2('/init.scope'),
    mountinfo: podmanMounts(OWN, OWN, '/containers/overlay-containers'),
    expected: { id: OWN, runtime: 'podman' },
  },
  {
    name: 'Podman, private, other storage and no runtime directory',
    cgroup: v2('/'),
    mountinfo: podmanMounts(OWN, OWN, '/tmp/podman-run-1000/containers/vfs-containers'),
    expected: { id: OWN, runtime: 'podman' },
  },

  {
    name: 'files like those of Podman, but .containerenv',
    cgroup: v2('/'),
    mountinfo: podmanMounts(OWN).replace(`${OWN}/userdata/.containerenv`, `${OTHER}/userdata/.containerenv`),
    expected: undefined,
  },

  // ECS, Fargate
  {
    name: 'ECS, v1',
    cgroup: v1(`/ecs/55091c13-b8cf-4801-b527-f4601742204d/${OWN}`),
    mountinfo: '',
    expected: { id: OWN },
  },
  {
    name: "ECS, v1, with the cluster's name",
    cgroup: v1(`/ecs/test-ecs-classic/5a0d5ceddf6c44c1928d367a815d890f/${OWN}`),
    mountinfo: '',
    expected: { id: OWN },
  },
  {
    name: 'ECS, v2',
    cgroup: v2(`/ecs/5a0d5ceddf6c44c1928d367a815d890f/${OWN}`),
    mountinfo: '',
    expected: { id: OWN },
  },
  {
    name: 'ECS, v2 with systemd',
    cgroup: v2(`/ecstasks.slice/ecstasks-5a0d5ceddf6c44c1928d367a815d890f.slice/docker-${OWN}.scope`),
    mountinfo: dockerMounts(SANDBOX),
    expected: { id: OWN, runtime: 'docker' },
  },
  {
    name: 'Fargate, v1',
    cgroup: v1('/ecs/34dc0b5e626f2c5c4c5170e34b10e765/34dc0b5e626f2c5c4c5170e34b10e765-1234567890'),
    mountinfo: '',
    expected: { id: '34dc0b5e626f2c5c4c5170e34b10e765-1234567890' },
  },
  {
    name: "Fargate, v1, without the task's directory",
    cgroup: v1('/ecs/34dc0b5e626f2c5c4c5170e34b10e765-1234567890'),
    mountinfo: '',
    expected: { id: '34dc0b5e626f2c5c4c5170e34b10e765-1234567890' },
  },
  {
    name: 'Fargate, v2, a shorter number',
    cgroup: v2('/ecs/c23e5f76c09d438aa1824ca4058bdcab/c23e5f76c09d438aa1824ca4058bdcab-1234678'),
    mountinfo: '',
    expected: { id: 'c23e5f76c09d438aa1824ca4058bdcab-1234678' },
  },
  {
    name: 'ECS, v2, private, nothing mounted',
    cgroup: v2('/'),
    mountinfo: '1 0 0:50 / / rw,relatime - overlay overlay rw\n',
    expected: undefined,
  },

  // nested
  {
    name: 'Docker in Docker, v1',
    cgroup: v1(`/docker/${OTHER}/docker/${OWN}`),
    mountinfo: dockerMounts(OWN),
    expected: { id: OWN, runtime: 'docker' },
  },
  {
    name: 'Docker in Docker, v2, private',
    cgroup: v2('/'),
    mountinfo: dockerMounts(OWN, '/docker/volumes/8d4c/_data'),
    expected: { id: OWN, runtime: 'docker' },
  },
  {
    name: 'Docker in Docker, private, with the hosts file of the outer container',
    cgroup: v2('/'),
    mountinfo: dockerMounts(OWN).replace(`${OWN}/hosts`, `${OTHER}/hosts`),
    expected: undefined,
  },
  {
    name: 'kind, v1, hybrid: containerd leaves one hierarchy alone',
    cgroup: `${v1(`/docker/${OTHER}/kubelet/kubepods/burstable/pod${POD}/${OWN}`)}0::/docker/${OTHER}/system.slice/containerd.service\n`,
    mountinfo: containerdPodMounts,
    expected: { id: OWN },
  },
  {
    name: 'kind in Podman, v2',
    cgroup: v2(
      `/machine.slice/libpod-${OTHER}.scope/container/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/kubelet-${POD_SLICE}/cri-containerd-${OWN}.scope`,
    ),
    mountinfo: containerdPodMounts,
    expected: { id: OWN, runtime: 'containerd' },
  },
  {
    name: 'kind, v2, a pod in the cgroup namespace of the node',
    cgroup: v2(`/kubelet/kubepods/besteffort/pod${POD}/${OWN}`),
    mountinfo: containerdPodMounts,
    expected: { id: OWN },
  },
  {
    name: "kind, v2, private, with the node's hosts file and /run, which are its Podman container's",
    cgroup: v2('/'),
    mountinfo: `\
7634 6917 0:1147 / / rw,relatime - overlay overlay rw
7640 7634 0:90 / /run rw - tmpfs tmpfs rw
7641 7640 0:104 /containers/storage/overlay-containers/${OTHER}/userdata/.containerenv /run/.containerenv rw - tmpfs tmpfs rw
7642 7640 0:104 /containers/storage/overlay-containers/${OTHER}/userdata/run/secrets /run/secrets rw - tmpfs tmpfs rw
7643 7634 0:104 /containers/storage/overlay-containers/${OTHER}/userdata/hosts /etc/hosts rw - tmpfs tmpfs rw
7644 7634 8:1 /var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/${SANDBOX}/hostname /etc/hostname rw,relatime - ext4 /dev/sda1 rw
`,
    expected: undefined,
  },
  {
    name: 'the kubelet of a kind node',
    cgroup: v2(`/system.slice/docker-${OWN}.scope/kubelet.slice/kubelet.service`),
    mountinfo: dockerMounts(OWN),
    expected: { id: OWN, runtime: 'docker' },
  },
  {
    name: 'Podman without root in Docker, v1',
    cgroup: v1(`/docker/${OTHER}`),
    mountinfo: podmanMounts(OWN),
    expected: { id: OWN, runtime: 'podman' },
  },
  {
    name: 'Docker in LXC',
    cgroup: v1(`/lxc/build/docker/${OWN}`),
    mountinfo: '',
    expected: { id: OWN, runtime: 'docker' },
  },
  {
    name: 'Kubernetes in Mesos',
    cgroup: v1(`/mesos/3b1cf944-1d97-40a6-ac73-b156ac2f2bfe/kubepods/besteffort/pod${POD}/${OWN}`),
    mountinfo: '',
    expected: { id: OWN },
  },
  { name: 'LXC in Docker', cgroup: v1(`/docker/${OTHER}/lxc/build`), mountinfo: '', expected: undefined },
  {
    name: 'systemd-nspawn in Docker, as a service',
    cgroup: v2(`/system.slice/docker-${OTHER}.scope/machine.slice/systemd-nspawn@box.service/payload`),
    mountinfo: '',
    expected: undefined,
  },
  {
    name: 'systemd-nspawn in Docker, as a scope',
    cgroup: v2(`/system.slice/docker-${OTHER}.scope/machine.slice/machine-box.scope/payload`),
    mountinfo: '',
    expected: undefined,
  },
  {
    name: 'a build step in a BuildKit in Docker',
    cgroup: v1(`/docker/${OTHER}/buildkit/n4eu0udvbz9vfzjy71jkvgkwh`),
    mountinfo: '',
    expected: undefined,
  },
  {
    name: 'a build step in a Docker in Docker, with systemd',
    cgroup: v2(`/system.slice/docker-${OTHER}.scope/system.slice/system.slice:docker:n4eu0udvbz9vfzjy71jkvgkwh`),
    mountinfo: '',
    expected: undefined,
  },
  {
    name: 'hierarchies that contradict each other',
    cgroup: `2:cpu:/docker/${OWN}\n1:memory:/docker/${OTHER}\n`,
    mountinfo: dockerMounts(OWN),
    expected: undefined,
  },

  // not a container, or not ours
  { name: 'the host, v1', cgroup: '2:cpu:/\n1:name=systemd:/init.scope\n', mountinfo: hostMounts, expected: undefined },
  { name: 'the host, v2', cgroup: v2('/'), mountinfo: hostMounts, expected: undefined },
  { name: 'nothing to read', cgroup: '', mountinfo: '', expected: undefined },
  { name: 'a service', cgroup: v2('/system.slice/docker.service'), mountinfo: hostMounts, expected: undefined },
  {
    name: 'a session',
    cgroup: '11:blkio:/user.slice/user-0.slice/session-14.scope\n9:hugetlb:/\n',
    mountinfo: hostMounts,
    expected: undefined,
  },
  {
    name: 'a Slurm step, v1',
    cgroup: v1('/slurm/uid_1000/job_4711/step_0/task_0'),
    mountinfo: hostMounts,
    expected: undefined,
  },
  {
    name: 'a Slurm step, v2',
    cgroup: v2('/system.slice/slurmstepd.scope/job_4711/step_0/user/task_0'),
    mountinfo: hostMounts,
    expected: undefined,
  },
  { name: 'LXC, v1', cgroup: v1('/lxc/waydroid'), mountinfo: hostMounts, expected: undefined },
  { name: 'LXC, v1, a name like an id', cgroup: v1(`/lxc/${OTHER}`), mountinfo: hostMounts, expected: undefined },
  {
    name: 'LXC, v2',
    cgroup: v2('/lxc.payload.gha-fleet_worker/system.slice/actions.runner.service'),
    mountinfo: hostMounts,
    expected: undefined,
  },
  {
    name: 'systemd-nspawn',
    cgroup: v2('/machine.slice/systemd-nspawn@box.service/payload'),
    mountinfo: hostMounts,
    expected: undefined,
  },
  {
    name: 'conmon of CRI-O',
    cgroup: v2(`/${SLICES}/crio-conmon-${OTHER}.scope`),
    mountinfo: hostMounts,
    expected: undefined,
  },
  {
    name: 'conmon of CRI-O, with cgroupfs',
    cgroup: v2(`/kubepods/besteffort/pod${POD}/crio-conmon-${OTHER}`),
    mountinfo: hostMounts,
    expected: undefined,
  },
  {
    name: 'conmon of Podman',
    cgroup: v2(`/machine.slice/libpod-conmon-${OTHER}.scope`),
    mountinfo: hostMounts,
    expected: undefined,
  },
  {
    name: 'a sandbox of CRI-O that has no process of its own',
    cgroup: v2(`/${SLICES}/crio-${SANDBOX}`),
    mountinfo: '',
    expected: undefined,
  },
  { name: 'a pod of Podman', cgroup: v1(`/libpod_parent/${SANDBOX}`), mountinfo: '', expected: undefined },
  { name: 'a pod of Kubernetes', cgroup: v1(`/kubepods/burstable/pod${POD}`), mountinfo: '', expected: undefined },
  {
    name: 'a build step, v1',
    cgroup: v1('/docker/buildkit/n4eu0udvbz9vfzjy71jkvgkwh'),
    mountinfo: '',
    expected: undefined,
  },
  { name: 'an id that is too short', cgroup: v1(`/docker/${OTHER.slice(1)}`), mountinfo: '', expected: undefined },
  { name: 'an id that is too long', cgroup: v1(`/docker/0${OTHER}`), mountinfo: '', expected: undefined },
  {
    name: 'a scope with an id that is too short',
    cgroup: v2(`/system.slice/docker-${OTHER.slice(1)}.scope`),
    mountinfo: '',
    expected: undefined,
  },
  { name: 'no hexadecimal id', cgroup: v1(`/docker/z${OTHER.slice(1)}`), mountinfo: '', expected: undefined },
  {
    name: 'a session directory of 32 digits',
    cgroup: '4:memory:/session/159c5a0d377ee52994df095419b15f25\n0::/\n',
    mountinfo: hostMounts,
    expected: undefined,
  },
  {
    name: "a directory with a name that ends like Docker's",
    cgroup: v1(`/not-docker/${OTHER}`),
    mountinfo: '',
    expected: undefined,
  },
  {
    name: 'a directory of 64 digits that nobody knows',
    cgroup: v2(`/cache/${OTHER}`),
    mountinfo: '',
    expected: undefined,
  },
  {
    name: 'a path outside of our cgroup namespace',
    cgroup: v2(`/../${POD_SLICE}/docker-${OTHER}.scope`),
    mountinfo: '',
    expected: undefined,
  },
  {
    name: "a DaemonSet with the host's directories",
    cgroup: v2('/'),
    mountinfo: `${containerdPodMounts}\
8001 7634 8:1 /var/lib/docker /var/lib/docker ro,relatime - ext4 /dev/sda1 rw
8002 8001 8:1 /var/lib/docker/containers/${OTHER}/hosts /host/etc/hosts ro,relatime - ext4 /dev/sda1 rw
8003 8001 0:61 / /var/lib/docker/containers/${OTHER}/mounts/shm rw - tmpfs shm rw
8004 7634 8:1 /var/lib/docker/containers/${OTHER}/hostname /host/etc/hostname ro,relatime - ext4 /dev/sda1 rw
8005 7634 0:25 /containers/storage/overlay-containers/${OTHER}/userdata/.containerenv /host/run/.containerenv ro - tmpfs tmpfs rw
`,
    expected: undefined,
  },
  {
    name: 'a file that another mount covers',
    cgroup: v2('/'),
    mountinfo: `${dockerMounts(OTHER)}475 474 254:1 /etc/hosts /etc/hosts ro,relatime - ext4 /dev/vda1 rw\n`,
    expected: undefined,
  },
  {
    name: 'files of a container that is gone',
    cgroup: v2('/'),
    mountinfo: dockerMounts(OTHER).replaceAll(/(hosts|hostname|resolv\.conf) \//g, '$1//deleted /'),
    expected: undefined,
  },
];

for (const { name, cgroup, mountinfo, expected } of cases) {
  test(`container id: ${name}`, () => {
    assert.deepEqual(
      containerId(parseProcCgroup(Buffer.from(cgroup)), parseMountinfo(Buffer.from(mountinfo))),
      expected,
    );
  });
}
