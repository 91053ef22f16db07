namespace Charging.Reliability.BadInput;

public sealed record BadInputReport(IReadOnlyList<string> Faults);

public static class BadInputRun
{
    public static Task<BadInputReport> RunAsync(int count, string? seed, Action<string>? progress) => throw new NotSupportedException();
}
