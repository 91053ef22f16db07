using System.Diagnostics.CodeAnalysis;

namespace Charging.Server.Calls;

/// <summary>What a domain operation returns: a value, or the code of a refusal that its caller can cause.</summary>
public readonly record struct Result<T>
{
    private Result(T? value, ResultCode code)
    {
        Value = value;
        Code = code;
    }

    /// <summary>The value; only when <see cref="IsOk"/>.</summary>
    public T? Value { get; }

    /// <summary><see cref="ResultCode.Ok"/>, or why not.</summary>
    public ResultCode Code { get; }

    /// <summary>Whether there is a value.</summary>
    [MemberNotNullWhen(true, nameof(Value))]
    public bool IsOk => ReferenceEquals(Code, ResultCode.Ok);

    /// <summary>Goes on with the value, unless this is a refusal.</summary>
    public Result<TNext> Then<TNext>(Func<T, Result<TNext>> next) => IsOk ? next(Value) : Code;

    /// <summary>Goes on with the value, unless this is a refusal.</summary>
    public Task<Result<TNext>> ThenAsync<TNext>(Func<T, Task<Result<TNext>>> next) =>
        IsOk ? next(Value) : Task.FromResult<Result<TNext>>(Code);

    /// <summary>A value.</summary>
    public static implicit operator Result<T>(T value) => new(value, ResultCode.Ok);

    /// <summary>A refusal.</summary>
    public static implicit operator Result<T>(ResultCode code) =>
        ReferenceEquals(code, ResultCode.Ok)
            ? throw new ArgumentException("Ok needs a value.", nameof(code))
            : new(default, code);
}

/// <summary>The value of an operation that has nothing to tell but that it worked.</summary>
public readonly record struct Done
{
    /// <summary>It worked.</summary>
    public static readonly Result<Done> Ok = default(Done);
}
