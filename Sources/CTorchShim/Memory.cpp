// Memory of tensors on the CPU: kept for the next tensor when one is freed, and in huge pages.
//
// The C library gives large blocks back to the kernel when they are freed, and receives zeroed pages of 4 KB the next
// time; in a training step of SDXL a fifth of the processor's time went there.
#if defined(TROUPE_TRAINING) && defined(__linux__)

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>

#include "Handles.hpp"

namespace troupe {
namespace {

constexpr size_t small = size_t(256) << 10;   // below this the C library does well
constexpr size_t grain = size_t(4) << 10;     // sizes and places of blocks are multiples of it
constexpr size_t region = size_t(16) << 30;   // addresses, not memory: taken at a time
constexpr size_t alignment = 64;

// Memory that is taken from the kernel once and then divided among tensors: the smallest free block that fits is split,
// and neighbours that become free are joined.
class Arena {
 public:
  void *take(size_t bytes) {
    const size_t wanted = (bytes + grain - 1) / grain * grain;
    std::lock_guard<std::mutex> lock(mutex_);
    if (wanted > limit_ - std::min(limit_, used_)) return nullptr;
    auto found = by_size_.lower_bound({wanted, nullptr});
    if (found == by_size_.end()) {
      if (!grow(wanted)) return nullptr;
      found = by_size_.lower_bound({wanted, nullptr});
    }
    const auto [size, start] = *found;
    remove(start, size);
    if (size > wanted) insert(start + wanted, size - wanted);
    taken_[start] = wanted;
    used_ += wanted;
    return start;
  }

  // Whether the block was one of these.
  bool give_back(void *block) {
    std::lock_guard<std::mutex> lock(mutex_);
    auto *start = static_cast<char *>(block);
    const auto known = taken_.find(start);
    if (known == taken_.end()) return false;
    size_t size = known->second;
    taken_.erase(known);
    used_ -= size;
    const auto after = by_place_.lower_bound(start);
    if (after != by_place_.begin()) {
      const auto before = std::prev(after);
      if (before->first + before->second == start) {
        start = before->first;
        size += before->second;
        remove(before->first, before->second);
      }
    }
    const auto next = by_place_.lower_bound(static_cast<char *>(block));
    if (next != by_place_.end() && next->first == start + size) {
      const size_t more = next->second;
      remove(next->first, more);
      size += more;
    }
    insert(start, size);
    return true;
  }

  void trim() {
    std::lock_guard<std::mutex> lock(mutex_);
    for (const auto &[start, size] : by_place_) madvise(start, size, MADV_DONTNEED);
  }

 private:
  void insert(char *start, size_t size) {
    by_place_[start] = size;
    by_size_.insert({size, start});
  }

  void remove(char *start, size_t size) {
    by_place_.erase(start);
    by_size_.erase({size, start});
  }

  bool grow(size_t wanted) {
    const size_t size = std::max(region, wanted);
    void *mapped =
        mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED) return false;
    madvise(mapped, size, MADV_HUGEPAGE);
    insert(static_cast<char *>(mapped), size);
    return true;
  }

  std::mutex mutex_;
  std::map<char *, size_t> by_place_;
  std::set<std::pair<size_t, char *>> by_size_;
  std::unordered_map<char *, size_t> taken_;
  size_t used_ = 0;
  // Addresses cost nothing, so the machine's memory is the limit that makes a request fail and not the process.
  const size_t limit_ = static_cast<size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
};

// Never destroyed: tensors may outlive static objects.
Arena &arena() {
  static auto *const one = new Arena;
  return *one;
}

void free_block(void *block) {
  if (block && !arena().give_back(block)) free(block);
}

struct KeepingAllocator final : c10::Allocator {
#if TORCH_VERSION_MAJOR >= 2 && TORCH_VERSION_MINOR >= 2
  c10::DataPtr allocate(size_t bytes) override { return make(bytes); }
  void copy_data(void *target, const void *source, size_t count) const override { memcpy(target, source, count); }
#else
  c10::DataPtr allocate(size_t bytes) const override { return make(bytes); }
#endif
  c10::DeleterFnPtr raw_deleter() const override { return &free_block; }

 private:
  static c10::DataPtr make(size_t bytes) {
    if (bytes == 0) return {nullptr, nullptr, &free_block, at::Device(at::kCPU)};
    void *block = nullptr;
    if (bytes >= small) block = arena().take(bytes);
    else if (posix_memalign(&block, alignment, bytes) != 0) block = nullptr;
    TORCH_CHECK(block, "not enough memory: ", bytes, " bytes could not be allocated");
    return {block, block, &free_block, at::Device(at::kCPU)};
  }
};

}  // namespace

void keep_memory() {
  // For debuggers of memory, and to measure what this buys.
  const char *wanted = getenv("TROUPE_MEMORY");
  if (wanted && !strcmp(wanted, "system")) return;
  static KeepingAllocator allocator;
  c10::SetCPUAllocator(&allocator, 1);
}

void trim_kept_memory() { arena().trim(); }

}  // namespace troupe

#elif defined(TROUPE_TRAINING)

#include "Handles.hpp"

namespace troupe {
void keep_memory() {}
void trim_kept_memory() {}
}  // namespace troupe

#endif
