using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Charging.Testing;

/// <summary>A record of the server's log.</summary>
public sealed record LogRecord(string Category, LogLevel Level, string Message, Exception? Exception)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Level} {Category}: {Message} {Exception}";
}

/// <summary>Keeps everything that the server logs, and judges its errors.</summary>
public sealed class LogCapture : ILoggerProvider
{
    private readonly ConcurrentQueue<LogRecord> _records = new();
    private readonly ConcurrentQueue<string> _expected = new();

    /// <summary>All records so far.</summary>
    public IReadOnlyCollection<LogRecord> Records => _records;

    /// <summary>Declares that the server will log an error that contains a text.</summary>
    public void Expect(string text) => _expected.Enqueue(text);

    /// <summary>Fails when an error was logged that was not declared, or a declared one was not logged.</summary>
    /// <exception cref="InvalidOperationException">With the errors.</exception>
    public void Verify()
    {
        var errors = _records.Where(r => r.Level >= LogLevel.Error).ToList();
        var undeclared = errors.Where(e => !_expected.Any(e.ToString().Contains)).ToList();
        if (undeclared.Count > 0)
            throw new InvalidOperationException($"The server logged errors that the test did not declare:\n{string.Join('\n', undeclared)}");
        if (_expected.FirstOrDefault(x => !errors.Any(e => e.ToString().Contains(x))) is { } missing)
            throw new InvalidOperationException($"The server did not log the error that the test declared: {missing}");
    }

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new Logger(categoryName, _records);

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private sealed class Logger(string category, ConcurrentQueue<LogRecord> records) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            records.Enqueue(new LogRecord(category, logLevel, formatter(state, exception), exception));
    }
}
