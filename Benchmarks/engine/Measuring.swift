import Diffusion
import Torch

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

func seconds() -> Double {
  var now = timespec()
  unsafe clock_gettime(CLOCK_MONOTONIC, &now)
  return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
}

func usage() -> rusage {
  var usage = rusage()
  #if canImport(Glibc)
  unsafe getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
  usage.ru_maxrss *= 1024
  #else
  unsafe getrusage(RUSAGE_SELF, &usage)
  #endif
  return usage
}

/// Seconds of all cores together, which other programs on the machine disturb less than the clock's.
func processorSeconds() -> Double {
  let usage = usage()
  return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
    + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
}

/// The rate of one large matrix product in this format, in operations a second: what the machine can do.
func matrixRate(_ options: Options) throws -> Double {
  let size = 2048
  let generator = try Generator(seed: 2)
  let left = try Tensor.normal([size, size], using: generator).to(options.device, options.type)
  var best = Double.infinity
  for _ in 0..<6 {
    let start = seconds()
    _ = try left.matrixProduct(left)
    try Engine.shared.get().synchronise(options.device)
    best = min(best, seconds() - start)
  }
  return 2 * Double(size * size * size) / best
}
