using BenchmarkDotNet.Running;
using Flagstone.Benchmarks;

return BenchmarkSwitcher.FromTypes([typeof(RenderBenchmark)]).Run(args).Any(s => s.HasCriticalValidationErrors || s.Reports.Any(r => !r.Success)) ? 1 : 0;
