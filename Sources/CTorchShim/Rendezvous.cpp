// A table of keys and values that rank 0 serves (c10d's TCPStore). Nothing here waits in the store itself: its answer to
// a wait that ran out of time would be taken for the answer to the next question.
#if defined(TROUPE_TRAINING) && __has_include(<torch/csrc/distributed/c10d/TCPStore.hpp>)

#include "Rendezvous.hpp"

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <numeric>
#include <sstream>
#include <thread>

namespace troupe {

using std::chrono::milliseconds;

static std::string seconds(milliseconds time) {
  std::ostringstream text;
  text << static_cast<double>(time.count()) / 1000 << " s";
  return text.str();
}

// "the process of rank 1 (of 2)", "the processes of ranks 1, 2 (of 4)"
static std::string named(const std::vector<int> &ranks, int count) {
  std::ostringstream text;
  text << (ranks.size() == 1 ? "the process of rank " : "the processes of ranks ");
  for (size_t i = 0; i < ranks.size(); i++) text << (i ? ", " : "") << ranks[i];
  text << " (of " << count << ")";
  return text.str();
}

static std::string first_line(const std::string &text) { return text.substr(0, text.find('\n')); }

static std::string here(int rank) { return "here/" + std::to_string(rank); }
static std::string gone(int rank) { return "gone/" + std::to_string(rank); }

Rendezvous::Rendezvous(const std::string &address, int port, int rank, int count, milliseconds timeout)
    : rank_(rank), count_(count), timeout_(timeout) {
  const auto end = Clock::now() + timeout;
  const std::string place = address + ":" + std::to_string(port);
  c10d::TCPStoreOptions options;
  options.port = static_cast<uint16_t>(port);
  options.isServer = rank == 0;
  options.waitWorkers = false;
  // The store counts in whole seconds, and takes less than one for none.
  options.timeout = milliseconds((timeout.count() + 999) / 1000 * 1000);
  try {
    store_ = c10::make_intrusive<c10d::TCPStore>(address, options);
    // Twice the same rank would mix two runs, or two processes of one.
    if (store_->add("taken/" + std::to_string(rank), 1) != 1)
      throw ProcessFailure(
          "two processes say that they are of rank " + std::to_string(rank) + " at " + place +
          ": give each a RANK of its own, and each run a MASTER_PORT of its own");
    const std::string size = std::to_string(count);
    say(here(rank), std::vector<uint8_t>(size.begin(), size.end()));
  } catch (const ProcessFailure &) {
    throw;
  } catch (const std::exception &failure) {
    const std::string reason = first_line(failure.what());
    if (rank == 0)
      throw ProcessFailure(
          "rank 0 cannot listen at " + place + " (" + reason + "): port " + std::to_string(port) +
          " is MASTER_PORT + 1; choose a MASTER_PORT whose next port is free, and for MASTER_ADDR this machine");
    throw ProcessFailure(
        named({0}, count) + " did not answer at " + place + " within " + seconds(timeout) + " (" + reason +
        "): see that it runs, and that MASTER_ADDR and MASTER_PORT are the same for all");
  }
  std::vector<int> missing;
  try {
    for (int other = 0; other < count; other++)
      if (!came(here(other), end)) missing.push_back(other);
  } catch (const std::exception &) {
    throw ProcessFailure(
        named({0}, count) + " stopped while the processes were coming together: look at the output there");
  }
  if (!missing.empty()) {
    // The table goes with rank 0, and the others still want to read in it who is missing.
    if (rank == 0) std::this_thread::sleep_for(milliseconds(1000));
    throw ProcessFailure(
        named(missing, count) + " did not come to " + place + " within " + seconds(timeout) +
        ": see that all run, with the same MASTER_ADDR, MASTER_PORT and WORLD_SIZE");
  }
  for (int other = 0; other < count; other++) {
    const auto size = store_->get(here(other));
    if (std::string(size.begin(), size.end()) != std::to_string(count))
      throw ProcessFailure(
          "rank " + std::to_string(other) + " counts " + std::string(size.begin(), size.end()) + " processes and rank " +
          std::to_string(rank) + " counts " + std::to_string(count) + ": give all the same WORLD_SIZE");
  }
}

// Asks until the key is there or the time is over.
bool Rendezvous::came(const std::string &key, Clock::time_point end) {
  for (auto pause = milliseconds(1);; pause = std::min(pause * 2, milliseconds(50))) {
    if (store_->check({key})) return true;
    if (Clock::now() >= end) return false;
    std::this_thread::sleep_for(pause);
  }
}

void Rendezvous::say(const std::string &key, const std::vector<uint8_t> &value) { store_->set(key, value); }

std::vector<uint8_t> Rendezvous::hear(const std::string &key, int from) {
  if (!came(key, Clock::now() + timeout_))
    throw ProcessFailure(
        named({from}, count_) + " did not answer within " + seconds(timeout_) +
        "; it probably stopped: look at its output");
  return store_->get(key);
}

// The ranks that do not say within a moment that they failed too.
std::vector<int> Rendezvous::silent() {
  std::vector<int> found(static_cast<size_t>(count_));
  std::iota(found.begin(), found.end(), 0);
  // Rank 0 serves the table, so it stays until those that were a little later have read in it.
  const auto end = Clock::now() + milliseconds(rank_ == 0 ? 3000 : 2000);
  try {
    say(gone(rank_), {1});
    while (!found.empty()) {
      const auto said = [this](int other) { return store_->check({gone(other)}); };
      found.erase(std::remove_if(found.begin(), found.end(), said), found.end());
      if (Clock::now() >= end) break;
      std::this_thread::sleep_for(milliseconds(50));
    }
  } catch (const std::exception &) {
    // The table went away with rank 0: before it said anything, or after.
    if (!found.empty() && found.front() == 0) return {0};
  }
  return found;
}

std::string Rendezvous::explain(const std::string &reason, milliseconds passed) {
  // Rank 0 serves the table. When its machine is gone without a word a question may never return, so another thread
  // asks it, and is left behind if need be.
  struct Answer {
    std::mutex mutex;
    std::condition_variable changed;
    bool done = false;
    std::vector<int> ranks;
  };
  const auto answer = std::make_shared<Answer>();
  auto asking = std::make_shared<Rendezvous>(*this);
  std::thread([answer, asking]() mutable {
    auto ranks = asking->silent();
    asking.reset();
    const std::lock_guard<std::mutex> lock(answer->mutex);
    answer->ranks = std::move(ranks);
    answer->done = true;
    answer->changed.notify_all();
  }).detach();
  asking.reset();
  std::unique_lock<std::mutex> lock(answer->mutex);
  const bool done = answer->changed.wait_for(lock, milliseconds(5000), [&] { return answer->done; });
  const std::vector<int> ranks = done ? answer->ranks : std::vector<int>{0};
  if (ranks.empty())
    return "the processes lost each other (" + first_line(reason) + "): see that the network between them holds";
  if (passed < timeout_) return named(ranks, count_) + " stopped: look at the output there";
  return named(ranks, count_) + " did not answer within " + seconds(timeout_) +
      " and probably stopped: look at the output there";
}

}  // namespace troupe

#endif
