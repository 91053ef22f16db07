using Spectre.Console;

namespace Charging.Client.Cli;

/// <summary>Bars for what takes long, where a person looks at it.</summary>
internal static class Progress
{
    /// <summary>Does something that tells how far it is, from 0 to 1.</summary>
    public static Task<T> WithBarAsync<T>(this Session session, string what, Func<Action<double>, Task<T>> work)
    {
        if (session.Json || !session.Console.Profile.Out.IsTerminal)
            return work(_ => { });
        return session.Console.Progress().AutoClear(true).StartAsync(context =>
        {
            var bar = context.AddTask(what, maxValue: 1);
            return work(fraction => bar.Value = fraction);
        });
    }

    /// <summary>Does something that tells how many rows it has done, where nobody knows how many there are.</summary>
    public static Task<T> WithCountAsync<T>(this Session session, string what, Func<Action<long>, Task<T>> work)
    {
        if (session.Json || !session.Console.Profile.Out.IsTerminal)
            return work(_ => { });
        return session.Console.Status().StartAsync(what, status => work(rows => status.Status = $"{what}, {Format.Number(rows)} rows"));
    }
}
