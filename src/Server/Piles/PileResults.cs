using System.Collections.Concurrent;
using Charging.Device.V1;
using Charging.MqttBroker;

namespace Charging.Server.Piles;

/// <summary>Sends a command for which somebody waits, and hands over the pile's answer.</summary>
public sealed class PileResults(PileCommands commands, TimeProvider clock)
{
    /// <summary>How long a pile has to answer.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<(DeviceNo, string), TaskCompletionSource<CommandResult>> _waiting = new();

    /// <summary>Sends a command and waits for its answer.</summary>
    /// <returns>Whether it was sent; and the answer, null when none came in time.</returns>
    public async Task<(bool Sent, CommandResult? Answer)> AskAsync(DeviceNo device, string verb, Command command, CancellationToken cancellationToken)
    {
        var id = commands.NextId(verb);
        var answer = new TaskCompletionSource<CommandResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[(device, id)] = answer;
        try
        {
            if (!await commands.SendAsync(device, id, command, cancellationToken))
                return (false, null);
            return (true, await answer.Task.WaitAsync(Patience, clock, cancellationToken));
        }
        catch (TimeoutException)
        {
            return (true, null);
        }
        finally
        {
            _waiting.TryRemove((device, id), out _);
        }
    }

    /// <summary>A pile has answered a command. Nothing happens when nobody waits for it.</summary>
    public void Received(DeviceNo device, CommandResult result)
    {
        if (_waiting.TryGetValue((device, result.CommandId), out var answer))
            answer.TrySetResult(result);
    }
}
