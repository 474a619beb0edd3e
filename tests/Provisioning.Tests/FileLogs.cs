using Microsoft.Extensions.Logging;

namespace Flagstone.Provisioning.Tests;

/// <summary>Keeps the host's log where a failed run can be looked into.</summary>
internal sealed class FileLogs(string path) : ILoggerProvider
{
    private readonly Lock gate = new();

    public ILogger CreateLogger(string categoryName) => new Writer(this, categoryName);

    public void Dispose()
    {
    }

    private void Write(string line)
    {
        lock (gate)
        {
            File.AppendAllText(path, line);
        }
    }

    private sealed class Writer(FileLogs owner, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                owner.Write($"{logLevel} {category}: {formatter(state, exception)} {exception}\n");
            }
        }
    }
}
