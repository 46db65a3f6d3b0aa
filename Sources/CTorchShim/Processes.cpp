// Processes that train together: sums and broadcasts by libtorch's own c10d, Gloo on the CPU and NCCL between CUDA
// devices. Where NCCL is not installed, tensors of a device go through the memory of the CPU.
#if defined(TROUPE_TRAINING)

#if __has_include(<torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>) && __has_include(<gloo/rendezvous/store.h>)
#define USE_C10D_GLOO 1

#include <netdb.h>
#include <sys/socket.h>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <memory>

#include "NCCL.hpp"
#include "Rendezvous.hpp"

using std::chrono::milliseconds;

struct troupe_group {
  int rank, count;
  milliseconds timeout;
  std::unique_ptr<troupe::Rendezvous> rendezvous;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo;
  bool asked_for_nccl = false;
  std::unique_ptr<troupe::NCCL> nccl;
  std::string failure;  // why it is of no more use
};

namespace troupe {

// The address that this machine has in the network of `address`; a host's name may stand for a loopback address, at
// which no other machine reaches it. Nothing is sent.
static std::string own_address(const std::string &address, int port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo *found = nullptr;
  if (getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return address;
  std::string own;
  for (const addrinfo *entry = found; entry && own.empty(); entry = entry->ai_next) {
    const int descriptor = socket(entry->ai_family, entry->ai_socktype, entry->ai_protocol);
    if (descriptor < 0) continue;
    sockaddr_storage name{};
    socklen_t size = sizeof name;
    char text[NI_MAXHOST];
    if (connect(descriptor, entry->ai_addr, entry->ai_addrlen) == 0 &&
        getsockname(descriptor, reinterpret_cast<sockaddr *>(&name), &size) == 0 &&
        getnameinfo(reinterpret_cast<sockaddr *>(&name), size, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0)
      own = text;
    close(descriptor);
  }
  freeaddrinfo(found);
  return own.empty() ? address : own;
}

static std::shared_ptr<gloo::transport::Device> network(const std::string &address, int port) {
  // The variable by which PyTorch's users name a network card.
  const char *interface = getenv("GLOO_SOCKET_IFNAME");
  if (interface && *interface) return c10d::ProcessGroupGloo::createDeviceForInterface(interface);
  return c10d::ProcessGroupGloo::createDeviceForHostname(own_address(address, port));
}

// Writing to a process that has ended must be an error, not the end of this one.
static void survive_broken_pipes() {
  struct sigaction current {};
  if (sigaction(SIGPIPE, nullptr, &current) == 0 && current.sa_handler == SIG_DFL) signal(SIGPIPE, SIG_IGN);
}

static troupe_group *join(
    const char *address, int32_t port, int32_t rank, int32_t count, double seconds, troupe_error **error) {
  return guarded(error, static_cast<troupe_group *>(nullptr), [&] {
    survive_broken_pipes();
    auto group = std::make_unique<troupe_group>();
    group->rank = rank;
    group->count = count;
    group->timeout = milliseconds(static_cast<int64_t>(seconds * 1000));
    group->rendezvous = std::make_unique<Rendezvous>(address, port, rank, count, group->timeout);
    try {
      auto options = c10d::ProcessGroupGloo::Options::create(group->timeout);
      options->devices.push_back(network(address, port));
      options->threads = 1;  // one sum at a time
      group->gloo =
          c10::make_intrusive<c10d::ProcessGroupGloo>(group->rendezvous->store(), rank, count, std::move(options));
    } catch (const std::exception &failure) {
      const std::string text = failure.what();
      throw ProcessFailure(
          "rank " + std::to_string(rank) + " could not connect to the other processes (" + text.substr(0, text.find('\n')) +
          "): see that none of them stopped, and name the network card between the machines in GLOO_SOCKET_IFNAME");
    }
    return group.release();
  });
}

// Runs what all processes do together. Its failure is the end of the group.
template <class Body>
static void together(troupe_group &group, Body body) {
  if (!group.failure.empty()) throw ProcessFailure(group.failure);
  const auto start = Clock::now();
  try {
    body();
  } catch (const ProcessFailure &failure) {
    group.failure = failure.message;
  } catch (const std::exception &failure) {
    const auto passed = std::chrono::duration_cast<milliseconds>(Clock::now() - start);
    group.failure = group.rendezvous->explain(failure.what(), passed);
  }
  if (!group.failure.empty()) throw ProcessFailure(group.failure);
}

// NCCL between the devices of all processes, if all of them have it; else NULL.
static NCCL *nccl(troupe_group &group, at::Device device) {
  if (!group.asked_for_nccl) {
    together(group, [&] {
      group.asked_for_nccl = true;
      auto &table = *group.rendezvous;
      table.say("nccl/" + std::to_string(group.rank), {static_cast<uint8_t>(NCCL::available())});
      bool all = true;
      for (int other = 0; other < group.count; other++)
        all = table.hear("nccl/" + std::to_string(other), other).at(0) != 0 && all;
      if (!all) return;
      if (group.rank == 0) table.say("nccl/id", NCCL::make_id());
      group.nccl =
          std::make_unique<NCCL>(table.hear("nccl/id", 0), group.rank, group.count, device, group.timeout);
    });
  }
  TORCH_CHECK(
      !group.nccl || group.nccl->device() == device, "a process sums tensors of one device: of ", group.nccl->device(),
      ", not of ", device);
  return group.nccl.get();
}

// Runs `by_nccl` or `by_gloo` over the tensor, the latter over a copy where it is on a device.
template <class ByNCCL, class ByGloo>
static void collective(troupe_group &group, at::Tensor &tensor, ByNCCL by_nccl, ByGloo by_gloo) {
  TORCH_CHECK(tensor.is_contiguous(), "a tensor that is not contiguous was to be sent to other processes");
  if (tensor.is_cuda()) {
    if (auto *devices = nccl(group, tensor.device())) {
      together(group, [&] { by_nccl(*devices, tensor); });
      return;
    }
  }
  std::vector<at::Tensor> near{tensor.to(at::kCPU)};
  together(group, [&] { by_gloo(near)->wait(); });
  if (!tensor.device().is_cpu()) tensor.copy_(near[0]);
}

static int32_t sum(troupe_group *group, troupe_tensor *tensor, troupe_error **error) {
  return status(error, [&] {
    auto value = tensor->value.detach();
    collective(
        *group, value, [](NCCL &devices, at::Tensor &all) { devices.sum(all); },
        [&](std::vector<at::Tensor> &all) { return group->gloo->allreduce(all); });
  });
}

static int32_t broadcast(troupe_group *group, troupe_tensor *tensor, int32_t from, troupe_error **error) {
  return status(error, [&] {
    auto value = tensor->value.detach();
    collective(
        *group, value, [&](NCCL &devices, at::Tensor &all) { devices.broadcast(all, from); },
        [&](std::vector<at::Tensor> &all) {
          c10d::BroadcastOptions options;
          options.rootRank = from;
          return group->gloo->broadcast(all, options);
        });
  });
}

void fill_processes(troupe_torch &table) {
  table.group_join = join;
  table.group_leave = [](troupe_group *group) {
    try {
      delete group;
    } catch (...) {
    }
  };
  table.group_sum = sum;
  table.group_broadcast = broadcast;
}

}  // namespace troupe

#else

#include "Handles.hpp"

namespace troupe {

static const char *const missing =
    "this build of Troupe cannot train with several processes, because Gloo's headers were not there when it was built: "
    "apt-get install libgloo-dev, or put the headers of Gloo where the compiler finds them, and build it again";

void fill_processes(troupe_torch &table) {
  table.group_join = [](const char *, int32_t, int32_t, int32_t, double, troupe_error **error) -> troupe_group * {
    return guarded(error, static_cast<troupe_group *>(nullptr), []() -> troupe_group * { throw ProcessFailure(missing); });
  };
  table.group_leave = [](troupe_group *) {};
  table.group_sum = [](troupe_group *, troupe_tensor *, troupe_error **error) {
    return status(error, [] { throw ProcessFailure(missing); });
  };
  table.group_broadcast = [](troupe_group *, troupe_tensor *, int32_t, troupe_error **error) {
    return status(error, [] { throw ProcessFailure(missing); });
  };
}

}  // namespace troupe

#endif

#endif
