namespace Charging.Server.Storage.LiteDb;

/// <summary>An operation in the queue.</summary>
internal abstract class Work(CancellationToken cancellationToken)
{
    /// <summary>Whether its caller still wants it; asked once, when it leaves the queue.</summary>
    public bool IsCancelled => cancellationToken.IsCancellationRequested;

    /// <summary>What is run.</summary>
    public abstract Delegate Operation { get; }

    /// <summary>Runs it, up to its result or its exception.</summary>
    public abstract void Run(ITransaction transaction);

    /// <summary>Gives its caller the result.</summary>
    public abstract void Answer();

    public abstract void Fail(Exception exception);

    public abstract void Cancel();
}

/// <inheritdoc/>
internal sealed class Work<TResult>(Func<ITransaction, ValueTask<TResult>> operation, CancellationToken cancellationToken) : Work(cancellationToken)
{
    private readonly TaskCompletionSource<TResult> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationToken _cancellationToken = cancellationToken;
    private TResult? _result;

    public Task<TResult> Task => _answer.Task;

    public override Delegate Operation => operation;

    public override void Run(ITransaction transaction)
    {
        var running = operation(transaction);
        if (!running.IsCompleted)
            throw new InvalidOperationException("The operation awaited something other than its transaction.");
        _result = running.GetAwaiter().GetResult();
    }

    public override void Answer() => _answer.TrySetResult(_result!);

    public override void Fail(Exception exception) => _answer.TrySetException(exception);

    public override void Cancel() => _answer.TrySetCanceled(_cancellationToken);
}
